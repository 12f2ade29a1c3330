import { LimbeckError } from '@limbeck/core';
import { formatShape, relu, type Shape, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { transposedConv } from './transposed-conv.js';

/** One convolution, batch norm and ReLU from the student's map to the teacher's size: {@link convConnector}, rectified. */
export const convRegressor = (m: Scope, x: Tensor, target: Shape): Tensor =>
  relu(convConnector(m, x, target));

/**
 * Three convolutions, 1x1, 3x3 and 1x1, then batch norm and ReLU, as WKD's `ConvRegBottleNeck`: nothing stands between the
 * convolutions.
 *
 * @param x map [N, C, H, W]
 * @param target shape [N, C', H, W] to reach
 * @param width channels inside
 * @throws LimbeckError SHAPE_MISMATCH where heights or widths differ
 */
export function bottleneckRegressor(m: Scope, x: Tensor, target: Shape, width: number): Tensor {
  if (x.shape[2] !== target[2] || x.shape[3] !== target[3]) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `a bottleneck keeps height and width: the student's map is ${formatShape(x.shape)}, the teacher's ${formatShape(target)}`,
      { hint: "tap maps of one size, or take projector: 'conv'" },
    );
  }
  const narrow = m.conv('conv1', x, { out: width, kernel: 1, bias: true });
  const inner = m.conv('conv2', narrow, { out: width, kernel: 3, padding: 1, bias: true });
  return relu(m.batchNorm('bn', m.conv('conv3', inner, { out: target[1]!, kernel: 1, bias: true })));
}

/**
 * One convolution and batch norm from the student's map to the teacher's size, as RepDistiller's `ConvReg` chooses
 * it: 3x3 with stride 2 from the double size, a transposed 4x4 with stride 2 from half the size, and otherwise a kernel
 * just large enough to lose what is too much.
 *
 * @param x map [N, C, H, W]
 * @param target shape [N, C', H', W'] to reach
 * @throws LimbeckError SHAPE_MISMATCH naming both shapes where the student's map is smaller and not half the size
 */
export function convConnector(m: Scope, x: Tensor, target: Shape): Tensor {
  const [, , h, w] = x.shape as [number, number, number, number];
  const [, out, th, tw] = target as [number, number, number, number];
  return m.batchNorm('bn', convolved());

  function convolved(): Tensor {
    if (h === 2 * th && w === 2 * tw) {
      return m.conv('conv', x, { out, kernel: 3, stride: 2, padding: 1, bias: true });
    }
    if (2 * h === th && 2 * w === tw) {
      return m.block('conv', (at) => transposedConv(at, x, { out, kernel: 4, stride: 2, padding: 1 }));
    }
    if (h >= th && w >= tw) {
      return m.conv('conv', x, { out, kernel: [1 + h - th, 1 + w - tw], bias: true });
    }
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `there is no convolution from the student's map ${formatShape(x.shape)} to the teacher's ${formatShape(target)}`,
      { hint: 'tap a deeper map of the teacher, or one at least half as large of the student' },
    );
  }
}
