import { add, div, mean, sqrt, square, sub, type Tensor } from '@limbeck/graph';

/**
 * Vectors [N, D] with mean 0 and variance 1 along an axis, without scale and offset: batch norm over 0, layer norm over 1.
 *
 * @param epsilon added to variances
 */
export function normalized(x: Tensor, axis: 0 | 1, epsilon: number): Tensor {
  const centred = sub(x, mean(x, { axis, keepDims: true }));
  return div(centred, sqrt(add(mean(square(centred), { axis, keepDims: true }), epsilon)));
}
