import { defineBackbone, type StemOptions } from '@limbeck/core';
import { globalAveragePool, relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { ofVersion1 } from './namings.js';
import { options, stemStride } from './stem.js';

/** Depthwise-separable blocks in order; a stage ends where the resolution is about to be halved. */
const blocks = [
  { out: 64, stride: 1 },
  { out: 128, stride: 2 },
  { out: 128, stride: 1, stage: 1 },
  { out: 256, stride: 2 },
  { out: 256, stride: 1, stage: 2 },
  { out: 512, stride: 2 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1, stage: 3 },
  { out: 1024, stride: 2 },
  { out: 1024, stride: 1, stage: 4 },
] as const;

/** Blocks in front of this one are the published code's `model1`, behind the stem; it and those after it are `model2`. */
const secondPart = 11;

/**
 * MobileNet (Howard et al., 2017) as PEFD publishes it for distillation on ImageNet: plain ReLUs, PyTorch's default
 * initialisers, global average pooling in place of a fixed 7x7 window.
 *
 * Taps: `stem`, `stage1`-`stage4` and `last-map` after the ReLU, `stage1.preact`-`stage4.preact` before it.
 */
export const mobileNetV1 = defineBackbone<StemOptions>({
  id: 'MobileNetV1',
  description: 'MobileNet V1 for ImageNet',
  cite: 'arXiv:1704.04861; chenyd7/PEFD:models/MobileNet.py',
  options,
  namings: ofVersion1,
  encode(m, image, { stem }) {
    const first = m.in('model1').in(0);
    const conv = first.conv(0, image, { out: 32, kernel: 3, stride: stemStride[stem], padding: 1 });
    let x = m.tap('stem', relu(first.batchNorm(1, conv)));
    for (const [i, block] of blocks.entries()) {
      const place = i < secondPart ? m.in('model1').in(i + 1) : m.in('model2').in(i - secondPart);
      const sum = separable(place, x, block);
      x = relu(sum);
      if ('stage' in block) {
        m.tap(`stage${block.stage}.preact`, sum);
        m.tap(`stage${block.stage}`, x);
      }
    }
    return globalAveragePool(m.tap('last-map', x));
  },
  classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
});

/** 3x3 within each channel, then 1x1 across them, before the last ReLU. */
function separable(m: Scope, x: Tensor, { out, stride }: { out: number; stride: number }): Tensor {
  const channels = x.shape[1]!;
  const depthwise = m.conv(0, x, { out: channels, kernel: 3, stride, padding: 1, groups: channels });
  return m.batchNorm(4, m.conv(3, relu(m.batchNorm(1, depthwise)), { out, kernel: 1 }));
}
