import { type Backbone, defineBackbone, type StemOptions } from '@limbeck/core';
import { concat, globalAveragePool, relu, slice, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { channelShuffle } from './channel-shuffle.js';
import { namings } from './namings.js';
import { options, stemMap } from './stem.js';

/** What tells the members of the family apart. */
export interface ShuffleV2 {
  readonly id: string;
  /** Width as the paper names it, of 1. */
  readonly size: number;
  /** Channels of the three stages. */
  readonly widths: readonly [number, number, number];
  /** Channels of the last map. */
  readonly lastWidth: number;
}

/** Units of each stage, the one that halves the resolution included. */
const units = [4, 8, 4] as const;

/**
 * ShuffleNet V2 (Ma et al., 2018) as RepDistiller publishes it for CIFAR: a 1x1 stem at full resolution, three stages
 * that halve it, a 1x1 convolution, global average pooling in place of a fixed 4x4 window.
 *
 * Taps: `stem` and `stage1`-`stage3`; `stage1.preact`-`stage3.preact`, whose second half is before the ReLU and whose
 * channels are not shuffled; `last-map`, the 1x1 convolution's.
 */
export function shuffleV2({ id, size, widths, lastWidth }: ShuffleV2): Backbone<StemOptions> {
  return defineBackbone({
    id,
    description: `ShuffleNet V2 for small images, ${size} times as wide`,
    cite: 'arXiv:1807.11164; HobbitLong/RepDistiller:models/ShuffleNetv2.py',
    options,
    namings,
    encode(m, image, stem) {
      let x = m.tap('stem', stemMap(m, image, stem));
      for (const [i, width] of widths.entries()) {
        const stage = i + 1;
        x = m.block(`layer${stage}`, (layer) => {
          x = layer.block(0, (u) => downUnit(u, x, width));
          for (let n = 1; n < units[i]!; n++) {
            x = layer.block(n, (u) => {
              const { preact, map } = unit(u, x);
              if (n === units[i]! - 1) m.tap(`stage${stage}.preact`, preact);
              return map;
            });
          }
          return x;
        });
        m.tap(`stage${stage}`, x);
      }
      const conv2 = m.conv('conv2', x, { out: lastWidth, kernel: 1 });
      return globalAveragePool(m.tap('last-map', relu(m.batchNorm('bn2', conv2))));
    },
    classify: (m, embedding, classes) => m.linear('linear', embedding, { out: classes }),
  });
}

/** Half of the channels pass, the other half is convolved (fig. 3c). */
function unit(m: Scope, x: Tensor): { preact: Tensor; map: Tensor } {
  const width = Math.floor(x.shape[1]! / 2);
  const passing = slice(x, { axis: 1, end: width });
  const y = relu(pointwise(m, 1, slice(x, { axis: 1, start: width }), width));
  const z = pointwise(m, 3, depthwise(m, 2, y, 1), width);
  return {
    preact: concat([passing, z], { axis: 1 }),
    map: channelShuffle(concat([passing, relu(z)], { axis: 1 }), 2),
  };
}

/** Both branches are convolved at half the resolution (fig. 3d). */
function downUnit(m: Scope, x: Tensor, width: number): Tensor {
  const half = width / 2;
  const left = relu(pointwise(m, 2, depthwise(m, 1, x, 2), half));
  const y = relu(pointwise(m, 3, x, half));
  const right = relu(pointwise(m, 5, depthwise(m, 4, y, 2), half));
  return channelShuffle(concat([left, right], { axis: 1 }), 2);
}

/** The `layer`-th convolution of a unit, 1x1, and its batch norm. */
const pointwise = (m: Scope, layer: number, x: Tensor, out: number): Tensor =>
  m.batchNorm(`bn${layer}`, m.conv(`conv${layer}`, x, { out, kernel: 1 }));

/** The `layer`-th convolution of a unit, 3x3 within each channel, and its batch norm. */
function depthwise(m: Scope, layer: number, x: Tensor, stride: number): Tensor {
  const out = x.shape[1]!;
  return m.batchNorm(
    `bn${layer}`,
    m.conv(`conv${layer}`, x, { out, kernel: 3, stride, padding: 1, groups: out }),
  );
}
