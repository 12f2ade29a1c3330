import { mul, sub } from '../ops/binary.js';
import { less } from '../ops/compare.js';
import { mean } from '../ops/reduce.js';
import { where } from '../ops/select.js';
import { abs } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';
import { square } from './elementary.js';

/** Smooth L1 distance: 0.5 d^2 where |d| is below 1, |d| - 0.5 beyond, mean over all elements. Girshick, 2015. */
export function smoothL1(a: Tensor, b: Tensor): Tensor {
  const distance = abs(sub(a, b));
  return mean(where(less(distance, 1), mul(square(distance), 0.5), sub(distance, 0.5)));
}
