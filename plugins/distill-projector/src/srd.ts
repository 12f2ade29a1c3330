import { defineDistiller, LimbeckError } from '@limbeck/core';
import { abs, add, log, mean, mul, pow, square, sub, sum, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { normalized } from './normalized.js';
import { headLogits, headOption, tapOptions, vectorOf } from './taps.js';

/** Keeps the logarithm of a sum finite where both sides agree exactly. */
const smallest = 1e-12;

/**
 * Logarithm of the summed |difference|^exponent of features that are normalised over the batch (Miles and Mikolajczyk,
 * AAAI 2024, sections 3.2 and 3.3): a soft maximum of the differences, so that the largest lead.
 *
 * @param student projected features [N, D]
 * @param teacher features [N, D]
 * @param epsilon added to variances
 */
export function logSumDistance(
  student: Tensor,
  teacher: Tensor,
  { exponent, epsilon }: { exponent: number; epsilon: number },
): Tensor {
  const difference = abs(sub(normalized(student, 0, epsilon), normalized(teacher, 0, epsilon)));
  return log(add(sum(raised(difference, exponent)), smallest));
}

/** Added to the sum of {@link logCorrelationDistance}, as released. */
const offset = 1e-5;

/**
 * The same of correlations, as released for transformers: each feature, normalised over the batch, is multiplied with the teacher's,
 * and the logarithm is of the summed |correlation - 1|^exponent, plus 1e-5.
 *
 * @param student projected features [N, D]
 * @param teacher features [N, D]
 * @param epsilon added to variances
 */
export function logCorrelationDistance(
  student: Tensor,
  teacher: Tensor,
  { exponent, epsilon }: { exponent: number; epsilon: number },
): Tensor {
  const products = mul(normalized(student, 0, epsilon), normalized(teacher, 0, epsilon));
  const distances = abs(sub(mean(products, { axis: 0 }), 1));
  return log(add(sum(raised(distances, exponent)), offset));
}

/** Powers, the fourth one without logarithms. */
const raised = (x: Tensor, exponent: number): Tensor =>
  exponent === 4 ? square(square(x)) : pow(x, exponent);

/**
 * Simple recipe distillation: a linear projector, both sides normalised over the batch, the log-sum distance, and KD at
 * T = 1. Defaults as released for ResNet34 to ResNet18 on ImageNet: weights 2 and 1, exponent 4, epsilon 1e-4,
 * cross-entropy 1. The projector is dropped at inference.
 *
 * For transformers the release compares correlations at weight 1, of the mean of the student's patch tokens with the teacher's pooled map, adds
 * nothing to variances, and takes the KL on the distillation token's head: `{ use: 'srd', form: 'correlation', weight: 1, epsilon: 0,
 * tap: 'last-map' }`. Features that do not vary in a batch are 0 then.
 */
export default defineDistiller({
  id: 'srd',
  description: "a linear projection meets the teacher's features, both normalised over the batch",
  cite: 'arXiv:2303.11098',
  options: z.strictObject({
    weight: z.number().nonnegative().default(2).describe('of the feature term'),
    klWeight: z.number().nonnegative().default(1).describe('of the KL term'),
    temperature: z.number().positive().default(1).describe('of the KL term'),
    exponent: z.number().min(1).default(4).describe('to which differences are raised'),
    epsilon: z.number().nonnegative().default(1e-4).describe('added to variances'),
    form: z
      .enum(['difference', 'correlation'])
      .default('difference')
      .describe('what is raised: differences of features, or how far their correlations are from 1'),
    head: headOption,
    ...tapOptions,
  }),
  build({ student, teacher, options, m, project, loss }) {
    const s = vectorOf('srd', student, options.tap);
    const t = vectorOf('srd', teacher, options.teacherTap ?? options.tap);
    if (m.mode === 'train' && s.shape[0]! < 2) {
      throw new LimbeckError(
        'PRECONDITION',
        "distiller 'srd' normalises features over the images of a batch, and this batch has one",
        { hint: 'set data.batchSize to 2 or more' },
      );
    }
    const distance = options.form === 'difference' ? logSumDistance : logCorrelationDistance;
    const projected = project('linear', m.in('projector'), s, t.shape);
    const kl = { use: 'kl-divergence', temperature: options.temperature };
    return {
      losses: {
        feature: { weight: options.weight, value: distance(projected, t, options) },
        kl: { weight: options.klWeight, value: loss(kl, headLogits(student, options.head), teacher.logits) },
      },
    };
  },
});
