import { defineDistiller } from '@limbeck/core';
import { exp, mul, neg, sum, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { studentLogits, tap } from './student-logits.js';
import { isTarget, otherLogProbabilities, requireTwoClasses, targetCrossEntropy } from './target-class.js';

/**
 * The two parts of normalised knowledge distillation, each a mean over the batch (Yang et al., ICCV 2023, eq. 6): `target`
 * is -p log q of the label, at temperature 1; `nonTarget` is T^2 times the cross-entropy of the other classes, whose
 * probabilities are normalised among themselves on both sides.
 *
 * @param student logits [N, classes], at least two classes
 * @param teacher logits [N, classes]
 * @param labels class indices [N], int32
 */
export function normalizedKd(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  temperature: number,
): { target: Tensor; nonTarget: Tensor } {
  const [batch, classes] = student.shape as [number, number];
  const target = isTarget(labels, classes);
  const others = (logits: Tensor) => otherLogProbabilities(logits, target, temperature);
  const products = mul(exp(others(teacher)), others(student));
  return {
    target: targetCrossEntropy(student, teacher, target),
    nonTarget: mul(neg(sum(products)), temperature ** 2 / batch),
  };
}

/**
 * Normalised knowledge distillation: defaults of the authors' code, gamma 1.5 and T = 1, beside the cross-entropy; their
 * CIFAR-100 configuration has gamma 3.5 and T = 3.
 */
export default defineDistiller({
  id: 'nkd',
  description: 'the target class weighted by the teacher, and the normalised other classes',
  cite: 'arXiv:2303.13005',
  options: z.strictObject({
    alpha: z.number().nonnegative().default(1).describe('weight of the target-class term'),
    gamma: z.number().nonnegative().default(1.5).describe('weight of the term of the other classes'),
    temperature: z.number().positive().default(1).describe('softens the other classes'),
    tap,
  }),
  targets: ['index'],
  build({ student, teacher, labels, classes, options }) {
    const { alpha, gamma, temperature } = options;
    requireTwoClasses('nkd', classes);
    const logits = studentLogits('nkd', student, options.tap);
    const { target, nonTarget } = normalizedKd(logits, teacher.logits, labels, temperature);
    return {
      losses: { target: { weight: alpha, value: target }, others: { weight: gamma, value: nonTarget } },
    };
  },
});
