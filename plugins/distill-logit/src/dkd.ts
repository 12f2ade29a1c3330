import { defineDistiller } from '@limbeck/core';
import { concat, exp, logSoftmax, logSumExp, mul, sub, sum, type Tensor, where } from '@limbeck/graph';
import { z } from 'zod';
import { standardized } from './standardize.js';
import { studentLogits, tap } from './student-logits.js';
import { isTarget, otherLogits, requireTwoClasses } from './target-class.js';

/**
 * The two parts into which T^2 KL(teacher || student) decouples, each a mean over the batch (Zhao et al., CVPR 2022):
 * `target`, of the target class against all others together, and `nonTarget`, of the others among themselves.
 *
 * Logarithms of probabilities come straight from the logits, so confident and huge ones stay finite.
 *
 * @param student logits [N, classes], at least two classes
 * @param teacher logits [N, classes]
 * @param labels class indices [N], int32
 */
export function decoupledKd(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  temperature: number,
): { target: Tensor; nonTarget: Tensor } {
  const [batch, classes] = student.shape as [number, number];
  const target = isTarget(labels, classes);
  const parts = (logits: Tensor) => {
    const scaled = mul(logits, 1 / temperature);
    const others = otherLogits(scaled, target);
    const chosen = sum(where(target, scaled, 0), { axis: 1, keepDims: true });
    const split = sub(concat([chosen, logSumExp(others)], { axis: 1 }), logSumExp(scaled));
    return { split, others: logSoftmax(others) };
  };
  const [s, t] = [parts(student), parts(teacher)];
  const divergence = (logP: Tensor, logQ: Tensor) =>
    mul(sum(mul(exp(logP), sub(logP, logQ))), temperature ** 2 / batch);
  return { target: divergence(t.split, s.split), nonTarget: divergence(t.others, s.others) };
}

/**
 * Decoupled knowledge distillation (Zhao et al., CVPR 2022): the two parts of KD with weights of their own. As released
 * for CIFAR-100: alpha 1, T = 4, cross-entropy 1, and a beta for each pair; 8 for resnet32x4 to resnet8x4, 2 for resnet56
 * to resnet20, 6 for the wide ResNets and VGG13 to VGG8.
 * The release raises both weights linearly over the first 20 epochs (`warmup`); ImageNet over one.
 */
export default defineDistiller({
  id: 'dkd',
  description: 'knowledge of the target class and of the other classes, weighted apart',
  cite: 'arXiv:2203.08679',
  options: z.strictObject({
    alpha: z.number().nonnegative().default(1).describe('weight of the target-class term'),
    beta: z.number().nonnegative().default(8).describe('weight of the term of the other classes'),
    temperature: z.number().positive().default(4).describe('softens both predictions'),
    warmup: z.number().nonnegative().default(20).describe('epochs over which both weights rise'),
    standardize: z
      .boolean()
      .default(false)
      .describe(
        'compare z-scores of the logits (arXiv:2403.01427; as released, T = 2 and both weights times 9)',
      ),
    tap,
  }),
  targets: ['index'],
  build({ student, teacher, labels, classes, options }) {
    const { alpha, beta, temperature, warmup, standardize } = options;
    requireTwoClasses('dkd', classes);
    const logits = studentLogits('dkd', student, options.tap);
    const [s, t] = standardize
      ? [standardized(logits), standardized(teacher.logits)]
      : [logits, teacher.logits];
    const { target, nonTarget } = decoupledKd(s, t, labels, temperature);
    const course = warmup === 0 ? {} : { schedule: { use: 'linear', end: warmup, by: 'epoch' } };
    return {
      losses: {
        tckd: { weight: alpha, value: target, ...course },
        nckd: { weight: beta, value: nonTarget, ...course },
      },
    };
  },
});
