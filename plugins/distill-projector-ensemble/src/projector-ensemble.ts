import { defineDistiller } from '@limbeck/core';
import { z } from 'zod';

const use = z.union([z.string(), z.looseObject({ use: z.string() })]);

/**
 * Projector ensemble (Chen et al., NeurIPS 2022, arXiv:2210.15274): the mean of several projections of the student's
 * embedding points where the teacher's embedding does. As released: three ReLU(linear) projectors, their mean first and
 * the loss once, weight 25 beside the cross-entropy, no logit term. Projectors are dropped at inference.
 */
export default defineDistiller({
  id: 'projector-ensemble',
  description: "the mean of several projections of the student's embedding follows the teacher's embedding",
  cite: 'arXiv:2210.15274',
  options: z.strictObject({
    projectors: z.int().min(1).max(64).default(3).describe('number of projectors'),
    projector: use.default({ use: 'linear', activation: 'relu' }).describe('what each of them is'),
    weight: z.number().nonnegative().default(25).describe('of the feature term'),
    loss: use.default('cosine').describe('how features are compared'),
    tap: z.string().default('embedding').describe('the feature on both sides'),
  }),
  build({ student, teacher, options, m, project, loss }) {
    const target = teacher.tap(options.tap);
    const ensemble = { use: 'ensemble', count: options.projectors, projector: options.projector };
    const projected = project(ensemble, m.in('projectors'), student.tap(options.tap), target.shape);
    return { losses: { feature: { weight: options.weight, value: loss(options.loss, projected, target) } } };
  },
});
