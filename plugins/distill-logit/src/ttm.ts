import { defineDistiller } from '@limbeck/core';
import { exp, logSoftmax, logSumExp, mean, mul, reshape, sub, sum, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { studentLogits, tap } from './student-logits.js';

/**
 * Matching to a transformed teacher (Zheng and Yang, ICLR 2024): the teacher's probabilities raised to a power and
 * normalised again, the student's left as they are.
 *
 * @param student logits [N, classes]
 * @param teacher logits [N, classes]
 * @param exponent gamma, the inverse of a temperature on the teacher's side alone
 * @returns `divergence` [N], KL(transformed teacher || student); `power` [N], the power sum of the teacher's probabilities,
 * between 1 for a certain teacher and classes^(1 - gamma) for one that knows nothing
 */
export function transformedMatching(
  student: Tensor,
  teacher: Tensor,
  exponent: number,
): { divergence: Tensor; power: Tensor } {
  const raised = mul(logSoftmax(teacher), exponent);
  const logP = logSoftmax(raised);
  return {
    divergence: sum(mul(exp(logP), sub(logP, logSoftmax(student))), { axis: 1 }),
    power: exp(reshape(logSumExp(raised), [-1])),
  };
}

/**
 * Transformed teacher matching: KD without a temperature on the student's side. Defaults are those of the authors' example,
 * VGG13 to VGG8 on CIFAR-100: exponent 0.1, weight 45, cross-entropy 1; both are chosen for each pair.
 */
export default defineDistiller({
  id: 'ttm',
  description: "the student's plain predictions follow the teacher's, raised to a power",
  cite: 'arXiv:2402.11148',
  options: z.strictObject({
    weight: z.number().nonnegative().default(45).describe('of the term'),
    exponent: z.number().positive().default(0.1).describe("to which the teacher's probabilities are raised"),
    tap,
  }),
  exclusive: true,
  build({ student, teacher, options: { weight, exponent, ...options } }) {
    const logits = studentLogits('ttm', student, options.tap);
    const { divergence } = transformedMatching(logits, teacher.logits, exponent);
    return { losses: { ttm: { weight, value: mean(divergence) } } };
  },
});
