import { sub } from '../ops/binary.js';
import { mean } from '../ops/reduce.js';
import type { Tensor } from '../tensor.js';
import { square } from './elementary.js';

/** Squared difference of tensors of one shape, mean over all elements. */
export const meanSquaredError = (a: Tensor, b: Tensor): Tensor => mean(square(sub(a, b)));
