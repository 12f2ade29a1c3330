import { defineDistiller } from '@limbeck/core';
import {
  add,
  less,
  mean,
  reduceMax,
  softmax,
  softmaxCrossEntropy,
  stopGradient,
  type Tensor,
  where,
} from '@limbeck/graph';
import { z } from 'zod';
import { klDivergences } from './kl-divergence.js';
import { strongViewOption } from './strong-view.js';

/** Logits [N, classes] of one model on a weak and on a strong view of the same images. */
export interface Views {
  readonly weak: Tensor;
  readonly strong: Tensor;
}

/**
 * KL terms of cross-view consistency (Zhang et al., ACM MM 2024), each the sum of two T^2 KL(teacher || student), mean over the
 * batch: `within`, each view of the student with the same view of the teacher, and `across`, with the other. Images of which the
 * teacher is less sure than a threshold count as 0: on the weak view for the first, on the strong one for the second.
 *
 * @param thresholds of the teacher's highest probability, 0 to 1
 */
export function crossViewDivergences(
  student: Views,
  teacher: Views,
  { temperature, thresholds }: { temperature: number; thresholds: { weak: number; strong: number } },
): { within: Tensor; across: Tensor } {
  const kl = (ours: Tensor, theirs: Tensor) => klDivergences(ours, theirs, temperature);
  const confident = (logits: Tensor, threshold: number, divergence: Tensor) => {
    const confidence = stopGradient(reduceMax(softmax(logits), { axis: 1 }));
    return mean(where(less(confidence, threshold), 0, divergence));
  };
  const within = add(kl(student.weak, teacher.weak), kl(student.strong, teacher.strong));
  const across = add(kl(student.strong, teacher.weak), kl(student.weak, teacher.strong));
  return {
    within: confident(teacher.weak, thresholds.weak, within),
    across: confident(teacher.strong, thresholds.strong, across),
  };
}

const probability = z.number().min(0).max(1);

/**
 * Cross-view consistency regularisation (CRLD, Zhang et al., ACM MM 2024): predictions follow the teacher's on a weak and a
 * strong view, and from view to view. The weak view is the batch as the run augments it; the strong one is another such draw,
 * augmented further. Defaults as released for CIFAR-100: weights 2 and 0.5, T = 4, thresholds 0.9 and 0.2, cross-entropy 1 on
 * both views; ImageNet T = 1, cross-entropy 2.
 *
 * The strong augmentation is that of FixMatch: two changes out of fourteen, and a grey square of up to half the side.
 */
export default defineDistiller({
  id: 'crld',
  description: "predictions on weak and strong views follow the teacher's on both",
  cite: 'arXiv:2412.16493',
  options: z.strictObject({
    withinWeight: z.number().nonnegative().default(2).describe('of the term within views'),
    acrossWeight: z.number().nonnegative().default(0.5).describe('of the term across views'),
    taskWeight: z.number().nonnegative().default(1).describe('of the cross-entropy on either view'),
    temperature: z.number().positive().default(4).describe('softens all predictions'),
    weakThreshold: probability
      .default(0.9)
      .describe('least confidence of the teacher on the weak view, within views'),
    strongThreshold: probability
      .default(0.2)
      .describe('least confidence of the teacher on the strong view, across views'),
    augment: strongViewOption,
  }),
  targets: ['index'],
  build({ student, teacher, labels, view, options }) {
    const { withinWeight, acrossWeight, taskWeight, temperature, augment } = options;
    const strong = view('strong', { augment });
    const { within, across } = crossViewDivergences(
      { weak: student.logits, strong: strong.student.logits },
      { weak: teacher.logits, strong: strong.teacher.logits },
      { temperature, thresholds: { weak: options.weakThreshold, strong: options.strongThreshold } },
    );
    const task = mean(softmaxCrossEntropy(strong.student.logits, labels));
    return {
      losses: {
        'strong-ce': { weight: taskWeight, value: task },
        'within-views': { weight: withinWeight, value: within },
        'across-views': { weight: acrossWeight, value: across },
      },
      taskWeight,
    };
  },
});
