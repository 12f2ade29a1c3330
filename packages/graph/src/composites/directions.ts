import { div } from '../ops/binary.js';
import { less } from '../ops/compare.js';
import { sum } from '../ops/reduce.js';
import { where } from '../ops/select.js';
import { sqrt } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';
import { square } from './elementary.js';

/**
 * Vectors along the last axis as directions of length 1 and lengths [..., 1]. Those shorter than `shortest` have no
 * direction: they become 0, of length 0, and get no gradient, where dividing by next to nothing would throw whatever is
 * trained far away.
 */
export function directionsOf(x: Tensor, shortest: number): { directions: Tensor; lengths: Tensor } {
  const squares = sum(square(x), { axis: -1, keepDims: true });
  const short = less(squares, shortest ** 2);
  // no root of zero even where it is not chosen: its gradient would be NaN
  const lengths = sqrt(where(short, 1, squares));
  return { directions: where(short, 0, div(x, lengths)), lengths: where(short, 0, lengths) };
}
