import { defineLoss } from '@limbeck/core';
import { l2Normalize, mean, square, sub, sum } from '@limbeck/graph';
import { z } from 'zod';

/**
 * Squared distance of rows of length 1, mean over the batch: twice the `cosine` loss, as long as no row is zero. Vectors
 * [N, D].
 */
export default defineLoss({
  id: 'normalized-mse',
  description: 'squared distance of rows brought to length 1, mean over the batch',
  options: z.strictObject({ epsilon: z.number().positive().default(1e-6).describe('least norm of a row') }),
  value: (student, teacher, { epsilon }) =>
    mean(
      sum(square(sub(l2Normalize(student, { epsilon }), l2Normalize(teacher, { epsilon }))), { axis: -1 }),
    ),
});
