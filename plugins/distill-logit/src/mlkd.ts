import { defineDistiller } from '@limbeck/core';
import {
  add,
  cast,
  less,
  matmul,
  mean,
  mul,
  reduceMax,
  reshape,
  softmax,
  softmaxCrossEntropy,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import type { Views } from './crld.js';
import { klDivergence } from './kl-divergence.js';
import { standardized } from './standardize.js';
import { strongViewOption } from './strong-view.js';
import { requireTwoClasses } from './target-class.js';

/**
 * Share of numbers that are not above their median, as NumPy's 50th percentile has it: [N] -> []. Half of them where all
 * differ and N is even.
 */
export function shareUpToMedian(values: Tensor): Tensor {
  const count = values.shape[0]!;
  const smaller = less(reshape(values, [1, count]), reshape(values, [count, 1]));
  const rank = sum(cast(smaller, 'float32'), { axis: 1 });
  return mean(cast(less(rank, Math.floor((count - 1) / 2) + 1), 'float32'));
}

/** Squared distance of the products of rows, over their number: [N, D] twice to a scalar. */
function productDistance(student: Tensor, teacher: Tensor): Tensor {
  const products = (rows: Tensor) => matmul(rows, rows, { transposeB: true });
  return mul(sum(square(sub(products(teacher), products(student)))), 1 / student.shape[0]!);
}

/** The same of the products of columns. */
function columnDistance(student: Tensor, teacher: Tensor): Tensor {
  const products = (rows: Tensor) => matmul(rows, rows, { transposeA: true });
  return mul(sum(square(sub(products(teacher), products(student)))), 1 / student.shape[1]!);
}

/**
 * The three levels of MLKD (Jin et al., CVPR 2023) as its repository computes them: `instance`, KL of predictions on both views;
 * `batch`, products of images' predictions; `class`, products of classes' predictions; each summed over temperatures.
 *
 * The code differs from the paper, and so do these numbers: images and classes of which the teacher is less sure are not chosen, but
 * their share scales a term; the strong view's KL at the last two temperatures is taken on the weak view; the strong view has
 * no terms of the other two levels.
 *
 * @param temperatures the first one is the base, the last two are those of the exception
 */
export function multiLevel(
  student: Views,
  teacher: Views,
  { temperatures, standardize }: { readonly temperatures: readonly number[]; readonly standardize: boolean },
): { instance: Tensor; batch: Tensor; class: Tensor } {
  const probabilities = stopGradient(softmax(teacher.weak));
  const images = shareUpToMedian(reduceMax(probabilities, { axis: 1 }));
  const classes = shareUpToMedian(sum(probabilities, { axis: 0 }));
  const scores = (logits: Tensor) => (standardize ? standardized(logits) : logits);
  const total = (term: (temperature: number, i: number) => Tensor) =>
    temperatures.map(term).reduce((a, b) => add(a, b));
  const divergence = (view: keyof Views, temperature: number) =>
    klDivergence(scores(student[view]), scores(teacher[view]), temperature);
  const softened = (distance: typeof productDistance) =>
    total((temperature) =>
      distance(softmax(mul(student.weak, 1 / temperature)), softmax(mul(teacher.weak, 1 / temperature))),
    );
  const firstOfException = temperatures.length - 2;
  return {
    instance: add(
      mul(
        total((temperature) => divergence('weak', temperature)),
        images,
      ),
      total((temperature, i) => divergence(i < firstOfException ? 'strong' : 'weak', temperature)),
    ),
    batch: mul(softened(productDistance), images),
    class: mul(softened(columnDistance), classes),
  };
}

/**
 * Multi-level logit distillation (MLKD; Jin et al., CVPR 2023): predictions, what they say about images of a batch together, and about
 * classes, on a weak and a strong view. Defaults as released for CIFAR-100: weight 0.9 of each level, T = 4, 3, 5, 2 and 6,
 * cross-entropy 0.1 on both views. With logit standardisation (arXiv:2403.01427) weight 9 at a base temperature of 2:
 * `{ use: 'mlkd', standardize: true, weight: 9, temperatures: [2, 3, 5, 2, 6] }`. The strong view is that of FixMatch, as released.
 */
export default defineDistiller({
  id: 'mlkd',
  description: 'predictions follow the teacher by image, by batch and by class, on a weak and a strong view',
  cite: 'doi:10.1109/CVPR52729.2023.02325',
  options: z.strictObject({
    weight: z.number().nonnegative().default(0.9).describe('of the KL of predictions'),
    batchWeight: z
      .number()
      .nonnegative()
      .optional()
      .describe('of the products of images; default as `weight`'),
    classWeight: z
      .number()
      .nonnegative()
      .optional()
      .describe('of the products of classes; default as `weight`'),
    taskWeight: z.number().nonnegative().default(0.1).describe('of the cross-entropy on either view'),
    temperatures: z
      .array(z.number().positive())
      .min(3)
      .default([4, 3, 5, 2, 6])
      .describe('at which predictions are softened; the strong view has no part in the last two'),
    standardize: z.boolean().default(false).describe('compare z-scores of the logits in the KL'),
    augment: strongViewOption,
  }),
  targets: ['index'],
  build({ student, teacher, labels, classes, view, options }) {
    const { weight, batchWeight = weight, classWeight = weight, taskWeight, augment, standardize } = options;
    if (standardize) requireTwoClasses('mlkd', classes);
    const strong = view('strong', { augment });
    const levels = multiLevel(
      { weak: student.logits, strong: strong.student.logits },
      { weak: teacher.logits, strong: strong.teacher.logits },
      options,
    );
    const task = mean(softmaxCrossEntropy(strong.student.logits, labels));
    return {
      losses: {
        'strong-ce': { weight: taskWeight, value: task },
        instance: { weight, value: levels.instance },
        batch: { weight: batchWeight, value: levels.batch },
        class: { weight: classWeight, value: levels.class },
      },
      taskWeight,
    };
  },
});
