import { defineLoss } from '@limbeck/core';
import { cosineSimilarity, mean, sub, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/**
 * 1 - cosine between rows, mean over the batch; in [0, 2]. `epsilon` bounds the norms from below, so that a projection
 * whose ReLUs are all zero gives 1 and a finite gradient where the released code divides by zero.
 *
 * @param student features [N, D]
 * @param teacher features [N, D]
 * @returns scalar
 */
export function cosineDistance(student: Tensor, teacher: Tensor, epsilon: number): Tensor {
  return sub(1, mean(cosineSimilarity(student, teacher, { epsilon })));
}

/** The same as a loss any distiller can ask for. */
export default defineLoss({
  id: 'cosine',
  description: '1 - cosine between rows, mean over the batch',
  cite: 'arXiv:2210.15274',
  options: z.strictObject({ epsilon: z.number().positive().default(1e-6).describe('least norm of a row') }),
  value: (student, teacher, { epsilon }) => cosineDistance(student, teacher, epsilon),
});
