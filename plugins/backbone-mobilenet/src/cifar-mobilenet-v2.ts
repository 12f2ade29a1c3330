import { type Backbone, defineBackbone, type StemOptions } from '@limbeck/core';
import { add, globalAveragePool, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, normal, type Scope, zeros } from '@limbeck/nn';
import { mobileNetV2Runs, tapStage } from './runs.js';
import { options, stemStride } from './stem.js';

const init = kaimingNormal('out');

/** What tells the members of the family apart. */
export interface CifarMobileNetV2 {
  readonly id: string;
  /** Times the paper's channels, rounded down; the last map's 1280 channels only grow. */
  readonly width: number;
}

/**
 * MobileNetV2 as RepDistiller publishes it for CIFAR: a stem of stride 2, ReLU in place of ReLU6, expansion 6, no
 * dropout, global average pooling in place of a window for 32x32.
 *
 * Taps: `stem`; `stage1`-`stage4`, linear bottlenecks without an activation, so that `stage1.preact`-`stage4.preact` are
 * the same; `last-map`, the last 1x1 convolution's, after its ReLU.
 */
export function cifarMobileNetV2({ id, width }: CifarMobileNetV2): Backbone<StemOptions> {
  return defineBackbone({
    id,
    description: `MobileNetV2 for small images, ${width} times as wide`,
    cite: 'arXiv:1801.04381; HobbitLong/RepDistiller:models/mobilenetv2.py',
    options,
    encode(m, image, { stem }) {
      const first = m.in('conv1');
      const conv = first.conv(0, image, {
        out: Math.floor(32 * width),
        kernel: 3,
        stride: stemStride[stem],
        padding: 1,
        init,
      });
      let x = m.tap('stem', relu(first.batchNorm(1, conv)));
      for (const [i, run] of mobileNetV2Runs(1).entries()) {
        for (let n = 0; n < run.count; n++) {
          const { expansion } = run;
          const block = { out: Math.floor(run.width * width), stride: n === 0 ? run.stride : 1, expansion };
          x = m
            .in('blocks')
            .in(i)
            .block(n, (b) => invertedResidual(b, x, block));
        }
        tapStage(m, run, x);
      }
      const last = m.in('conv2');
      const conv2 = last.conv(0, x, { out: Math.floor(1280 * Math.max(1, width)), kernel: 1, init });
      return globalAveragePool(m.tap('last-map', relu(last.batchNorm(1, conv2))));
    },
    classify: (m, embedding, classes) =>
      m.linear('classifier.0', embedding, { out: classes, init: normal(0.01), biasInit: zeros }),
  });
}

/** 1x1 expansion, 3x3 within each channel, linear 1x1; added to the input where shapes agree. */
function invertedResidual(
  m: Scope,
  x: Tensor,
  { out, stride, expansion }: { out: number; stride: number; expansion: number },
): Tensor {
  const conv = m.in('conv');
  const inner = x.shape[1]! * expansion;
  const wide = relu(conv.batchNorm(1, conv.conv(0, x, { out: inner, kernel: 1, init })));
  const depthwise = conv.conv(3, wide, { out: inner, kernel: 3, stride, padding: 1, groups: inner, init });
  const y = conv.conv(6, relu(conv.batchNorm(4, depthwise)), { out, kernel: 1, init });
  const z = conv.batchNorm(7, y);
  return stride === 1 && x.shape[1] === out ? add(x, z) : z;
}
