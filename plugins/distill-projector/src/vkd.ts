import { defineDistiller } from '@limbeck/core';
import { smoothL1, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { normalized } from './normalized.js';
import { headLogits, headOption, tapOptions, vectorOf } from './taps.js';

/** Added to variances, as PyTorch's layer norm does. */
const epsilon = 1e-5;

/** Each image's features with mean 0 and variance 1: layer norm without scale and offset. x [N, D]. */
export const normalizedOverFeatures = (x: Tensor): Tensor => normalized(x, 1, epsilon);

/**
 * VkD (Miles et al., CVPR 2024): the student's features, turned by an orthonormal projector, meet the teacher's normalised
 * ones under the smooth L1 distance, beside KD at T = 1. Defaults as released for DeiT students: weights 1 and 1.
 *
 * The release's students are distilled DeiTs: the mean of their patch tokens is compared, which is `tap: 'last-map'`, and the KL is
 * taken on the distillation token's own head. Networks without one take it on their logits, which is our reading.
 */
export default defineDistiller({
  id: 'vkd',
  description: "an orthonormal projection meets the teacher's normalised features",
  cite: 'arXiv:2403.06213',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the feature term'),
    klWeight: z.number().nonnegative().default(1).describe('of the KL term'),
    temperature: z.number().positive().default(1).describe('of the KL term'),
    steps: z.int().min(1).max(64).default(16).describe('Newton-Schulz steps towards orthonormal weights'),
    head: headOption,
    ...tapOptions,
  }),
  build({ student, teacher, options, m, project, loss }) {
    const s = vectorOf('vkd', student, options.tap);
    const t = vectorOf('vkd', teacher, options.teacherTap ?? options.tap);
    const projected = project({ use: 'orthogonal', steps: options.steps }, m.in('projector'), s, t.shape);
    const kl = { use: 'kl-divergence', temperature: options.temperature };
    return {
      losses: {
        feature: { weight: options.weight, value: smoothL1(projected, normalizedOverFeatures(t)) },
        kl: { weight: options.klWeight, value: loss(kl, headLogits(student, options.head), teacher.logits) },
      },
    };
  },
});
