import { type Backbone, defineBackbone, LimbeckError } from '@limbeck/core';
import { globalAveragePool, relu } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { basicBlock, convInit } from './basic-block.js';

/** What tells the members of the family apart. */
export interface CifarResNet {
  readonly id: string;
  /** 6n + 2 layers: n blocks in each of three stages. */
  readonly depth: number;
  /** Channels of the first convolution. */
  readonly stem: number;
  /** Channels of the three stages. */
  readonly widths: readonly [number, number, number];
}

/**
 * A CIFAR ResNet as RepDistiller publishes it: a 3x3 stem, three stages at full, half and quarter resolution, global
 * average pooling, one linear classifier. Where the published code pools a fixed 8x8 window this one pools the whole
 * map, which is the same at 32x32 and right at every other size.
 *
 * Taps: `stem`, `stage1`-`stage3` and `last-map` after the ReLU, `stage1.preact`-`stage3.preact` before it.
 */
export function cifarResNet({ id, depth, stem, widths }: CifarResNet): Backbone {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new LimbeckError(
      'PRECONDITION',
      `backbone '${id}': a CIFAR ResNet has 6n + 2 layers, not ${depth}`,
    );
  }
  return defineBackbone({
    id,
    description: `CIFAR ResNet, ${depth} layers, widths ${stem}/${widths.join(', ')}`,
    cite: 'arXiv:1512.03385; HobbitLong/RepDistiller:models/resnet.py',
    encode(m, image) {
      const conv1 = m.conv('conv1', image, { out: stem, kernel: 3, padding: 1, init: convInit });
      let x = m.tap('stem', relu(m.batchNorm('bn1', conv1)));
      for (const [i, width] of widths.entries()) {
        const stage = i + 1;
        x = m.block(`layer${stage}`, (layer) => {
          for (let block = 0; block < blocks; block++) {
            const stride = i > 0 && block === 0 ? 2 : 1;
            x = layer.block(block, (b) => {
              const sum = basicBlock(b, x, width, stride);
              if (block === blocks - 1) m.tap(`stage${stage}.preact`, sum);
              return relu(sum);
            });
          }
          return x;
        });
        m.tap(`stage${stage}`, x);
      }
      return globalAveragePool(m.tap('last-map', x));
    },
    classify: (m: Scope, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });
}
