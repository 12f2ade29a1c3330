import { add, div, less, mean, mul, sqrt, square, sub, sum, type Tensor, where } from '@limbeck/graph';

/** Added to the standard deviation, as released. */
const epsilon = 1e-7;

/**
 * Z-scores of the logits of each image: their mean 0, their standard deviation 1 (Sun et al., CVPR 2024, algorithm 1). The
 * deviation is the unbiased one, as in the authors' code. Equal logits become zeros, without a gradient.
 *
 * @param logits [N, classes], at least two classes
 */
export function standardized(logits: Tensor): Tensor {
  const centred = sub(logits, mean(logits, { axis: 1, keepDims: true }));
  const variance = mul(sum(square(centred), { axis: 1, keepDims: true }), 1 / (logits.shape[1]! - 1));
  const equal = less(variance, epsilon ** 2);
  // no root of zero even where it is not chosen: its gradient would be NaN
  const deviation = sqrt(where(equal, 1, variance));
  return where(equal, 0, div(centred, add(deviation, epsilon)));
}
