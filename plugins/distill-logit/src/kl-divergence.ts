import { defineLoss } from '@limbeck/core';
import { exp, logSoftmax, mul, sub, sum, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/** What each class contributes: [N, classes]. */
function parts(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  const logP = logSoftmax(mul(teacher, 1 / temperature));
  const logQ = logSoftmax(mul(student, 1 / temperature));
  return mul(exp(logP), sub(logP, logQ));
}

/**
 * T^2 KL(softmax(teacher / T) || softmax(student / T)), summed over classes, mean over the batch.
 * Hinton et al., 2015, section 2; the factor T^2 keeps gradients at one scale.
 *
 * @param student logits [N, classes]
 * @param teacher logits [N, classes]
 * @returns scalar
 */
export function klDivergence(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  return mul(sum(parts(student, teacher, temperature)), temperature ** 2 / student.shape[0]!);
}

/** The same of each image: [N]. */
export function klDivergences(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  return mul(sum(parts(student, teacher, temperature), { axis: 1 }), temperature ** 2);
}

/** The mean as a loss any distiller can ask for. */
export default defineLoss({
  id: 'kl-divergence',
  description: 'KL divergence of softened predictions, times the squared temperature',
  cite: 'arXiv:1503.02531',
  options: z.strictObject({
    temperature: z.number().positive().default(4).describe('softens both predictions'),
  }),
  value: (student, teacher, { temperature }) => klDivergence(student, teacher, temperature),
});
