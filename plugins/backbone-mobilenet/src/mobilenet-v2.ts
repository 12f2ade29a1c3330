import { defineBackbone, type StemOptions } from '@limbeck/core';
import { add, globalAveragePool, minimum, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, normal, type Scope, zeros } from '@limbeck/nn';
import { ofVersion2 } from './namings.js';
import { mobileNetV2Runs, tapStage } from './runs.js';
import { options, stemStride } from './stem.js';

const init = kaimingNormal('out');

const relu6 = (x: Tensor): Tensor => minimum(relu(x), 6);

/**
 * MobileNetV2 for ImageNet with torchvision's names, width 1. Torchvision's dropout in front of the classifier, which is
 * at work in training alone, is left out.
 *
 * Taps: `stem`; `stage1`-`stage4`, linear bottlenecks without an activation, so that `stage1.preact`-`stage4.preact` are
 * the same; `last-map`, the last 1x1 convolution's, after its ReLU6.
 */
export const mobileNetV2 = defineBackbone<StemOptions>({
  id: 'mobilenet_v2',
  description: 'MobileNetV2 for ImageNet',
  cite: 'arXiv:1801.04381; pytorch/vision:torchvision/models/mobilenetv2.py',
  options,
  namings: ofVersion2,
  encode(m, image, { stem }) {
    const features = m.in('features');
    let x = m.tap(
      'stem',
      relu6(
        features.block(0, (b) => convolution(b, image, { out: 32, kernel: 3, stride: stemStride[stem] })),
      ),
    );
    let layer = 1;
    for (const run of mobileNetV2Runs(2)) {
      for (let n = 0; n < run.count; n++, layer++) {
        const block = { out: run.width, stride: n === 0 ? run.stride : 1, expansion: run.expansion };
        x = features.block(layer, (b) => invertedResidual(b, x, block));
      }
      tapStage(m, run, x);
    }
    const last = features.block(layer, (b) => convolution(b, x, { out: 1280, kernel: 1 }));
    return globalAveragePool(m.tap('last-map', relu6(last)));
  },
  classify: (m, embedding, classes) =>
    m.linear('classifier.1', embedding, { out: classes, init: normal(0.01), biasInit: zeros }),
});

/** 1x1 expansion (none at 1), 3x3 within each channel, linear 1x1; added to the input where shapes agree. */
function invertedResidual(
  m: Scope,
  x: Tensor,
  { out, stride, expansion }: { out: number; stride: number; expansion: number },
): Tensor {
  const inner = x.shape[1]! * expansion;
  const conv = m.in('conv');
  let layer = 0;
  const wide = expansion === 1 ? x : relu6(convolution(conv.in(layer++), x, { out: inner, kernel: 1 }));
  const depthwise = convolution(conv.in(layer++), wide, { out: inner, kernel: 3, stride, groups: inner });
  const y = conv.conv(layer++, relu6(depthwise), { out, kernel: 1, init });
  const z = conv.batchNorm(layer, y);
  return stride === 1 && x.shape[1] === out ? add(x, z) : z;
}

/** A convolution that keeps the resolution up to its stride, and its batch norm. */
function convolution(
  m: Scope,
  x: Tensor,
  options: { out: number; kernel: 1 | 3; stride?: number; groups?: number },
): Tensor {
  return m.batchNorm(1, m.conv(0, x, { ...options, padding: (options.kernel - 1) / 2, init }));
}
