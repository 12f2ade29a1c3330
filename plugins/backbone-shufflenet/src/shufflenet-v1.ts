import { defineBackbone, type StemOptions } from '@limbeck/core';
import { add, avgPool, concat, globalAveragePool, pad, relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { channelShuffle } from './channel-shuffle.js';
import { options, stemMap, stemWidth } from './stem.js';

const groups = 3;

/** Channels and units of the three stages. */
const stages = [
  { width: 240, units: 4 },
  { width: 480, units: 8 },
  { width: 960, units: 4 },
] as const;

/**
 * ShuffleNet with three groups (Zhang et al., 2018) as RepDistiller publishes it for CIFAR: a 1x1 stem at full
 * resolution, three stages that halve it, global average pooling in place of a fixed 4x4 window.
 *
 * Taps: `stem`, `stage1`-`stage3` and `last-map` after the ReLU, `stage1.preact`-`stage3.preact` before it.
 */
export const shuffleV1 = defineBackbone<StemOptions>({
  id: 'ShuffleV1',
  description: 'ShuffleNet V1 for small images, 3 groups',
  cite: 'arXiv:1707.01083; HobbitLong/RepDistiller:models/ShuffleNetv1.py',
  options,
  encode(m, image, stem) {
    let x = m.tap('stem', stemMap(m, image, stem));
    for (const [i, { width, units }] of stages.entries()) {
      const stage = i + 1;
      x = m.block(`layer${stage}`, (layer) => {
        for (let n = 0; n < units; n++) {
          x = layer.block(n, (u) => {
            const sum = n === 0 ? downUnit(u, x, width) : add(branch(u, x, width, 1), x);
            if (n === units - 1) m.tap(`stage${stage}.preact`, sum);
            return relu(sum);
          });
        }
        return x;
      });
      m.tap(`stage${stage}`, x);
    }
    return globalAveragePool(m.tap('last-map', x));
  },
  classify: (m, embedding, classes) => m.linear('linear', embedding, { out: classes }),
});

/** Half the resolution; the branch fills up what the pooled input leaves of the width. */
function downUnit(m: Scope, x: Tensor, width: number): Tensor {
  // PyTorch's average counts the zeros of the padding, so they are put there before
  const padded = pad(x, { before: [0, 0, 1, 1], after: [0, 0, 1, 1] });
  const pooled = avgPool(padded, { kernel: 3, stride: 2 });
  return concat([branch(m, x, width - x.shape[1]!, 2), pooled], { axis: 1 });
}

/** Pointwise in groups, shuffled, depthwise, pointwise in groups. The thin stem is not split into groups. */
function branch(m: Scope, x: Tensor, out: number, stride: number): Tensor {
  const inner = out / 4;
  const inGroups = x.shape[1] === stemWidth ? 1 : groups;
  const conv1 = m.conv('conv1', x, { out: inner, kernel: 1, groups: inGroups });
  const shuffled = channelShuffle(relu(m.batchNorm('bn1', conv1)), inGroups);
  const conv2 = m.conv('conv2', shuffled, { out: inner, kernel: 3, stride, padding: 1, groups: inner });
  const conv3 = m.conv('conv3', relu(m.batchNorm('bn2', conv2)), { out, kernel: 1, groups });
  return m.batchNorm('bn3', conv3);
}
