import { defineDistiller } from '@limbeck/core';
import { add, cast, mean, mul, oneHot, softplus, sub, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/**
 * Binary cross-entropy of every class on its own, mean over batch and classes (Wightman et al., ResNet strikes back, 2021,
 * section 3): log(1 + e^z) - y z, which no logit overflows.
 *
 * @param logits [N, classes]
 * @param labels class indices [N], int32
 * @param smoothing share of the target given to all classes alike
 */
export function binaryCrossEntropy(logits: Tensor, labels: Tensor, smoothing: number): Tensor {
  const classes = logits.shape[1]!;
  const target = cast(oneHot(labels, classes), logits.dtype);
  const smoothed = add(mul(target, 1 - smoothing), smoothing / classes);
  return mean(sub(softplus(logits), mul(smoothed, logits)));
}

/**
 * Binary cross-entropy in place of the cross-entropy, whose weight it sets to 0: the task loss of VanillaKD (Hao et al.,
 * NeurIPS 2023), used beside `{ use: 'kd', weight: 1, taskWeight: 0, temperature: 1 }`. As released: weight 1, smoothing 0
 * over 300 epochs and 0.1 over 600.
 */
export default defineDistiller({
  id: 'bce',
  description: 'binary cross-entropy of each class takes the place of the cross-entropy',
  cite: 'arXiv:2305.15781',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the term'),
    smoothing: z.number().min(0).max(1).default(0).describe('share of the target given to all classes alike'),
  }),
  targets: ['index'],
  build: ({ student, labels, options: { weight, smoothing } }) => ({
    losses: { bce: { weight, value: binaryCrossEntropy(student.logits, labels, smoothing) } },
    taskWeight: 0,
  }),
});
