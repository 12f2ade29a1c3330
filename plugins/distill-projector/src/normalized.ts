import { add, div, less, mean, sqrt, square, sub, type Tensor, where } from '@limbeck/graph';

/** A smaller variance, with nothing added to it, is that of features that are alike. */
const smallest = 1e-24;

/**
 * Vectors [N, D] with mean 0 and variance 1 along an axis, without scale and offset: batch norm over 0, layer norm over 1.
 *
 * @param epsilon added to variances; where it is 0, features that do not vary become 0
 */
export function normalized(x: Tensor, axis: 0 | 1, epsilon: number): Tensor {
  const centred = sub(x, mean(x, { axis, keepDims: true }));
  const variance = mean(square(centred), { axis, keepDims: true });
  if (epsilon > 0) return div(centred, sqrt(add(variance, epsilon)));
  const none = less(variance, smallest);
  return where(none, 0, div(centred, sqrt(where(none, 1, variance))));
}
