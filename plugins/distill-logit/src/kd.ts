import { defineDistiller, useOption } from '@limbeck/core';
import { z } from 'zod';
import { klDivergence } from './kl-divergence.js';
import { standardized } from './standardize.js';
import { studentLogits, tap } from './student-logits.js';
import { requireTwoClasses } from './target-class.js';

/**
 * Knowledge distillation (Hinton et al., 2015): the student's softened predictions follow the teacher's.
 * Defaults as in RepDistiller's scripts: 0.1 cross-entropy + 0.9 KL at T = 4.
 *
 * With `projector`, the KL is taken on projected student logits, the cross-entropy on the plain ones, and the projector
 * is dropped at inference (Chen et al., arXiv:2310.17183; as released: one linear layer, classes to classes). Several of
 * them are `projector: { use: 'ensemble', count: 3, projector: 'linear' }`.
 */
export default defineDistiller({
  id: 'kd',
  description: "the student's softened predictions follow the teacher's",
  cite: 'arXiv:1503.02531',
  options: z.strictObject({
    weight: z.number().nonnegative().default(0.9).describe('of the KL term'),
    taskWeight: z.number().nonnegative().default(0.1).describe('of the cross-entropy'),
    temperature: z.number().positive().default(4).describe('softens both predictions'),
    standardize: z
      .boolean()
      .default(false)
      .describe('compare z-scores of the logits (arXiv:2403.01427; as released, T = 2 and weight 9)'),
    tap,
    projector: useOption.optional().describe('projects the student logits first'),
  }),
  exclusive: true,
  build({ student, teacher, classes, options, m, project }) {
    const { weight, taskWeight, temperature, standardize, projector } = options;
    const plain = studentLogits('kd', student, options.tap);
    const logits =
      projector === undefined ? plain : project(projector, m.in('projector'), plain, teacher.logits.shape);
    if (standardize) requireTwoClasses('kd', classes);
    const value = standardize
      ? klDivergence(standardized(logits), standardized(teacher.logits), temperature)
      : klDivergence(logits, teacher.logits, temperature);
    return { losses: { kd: { weight, value } }, taskWeight };
  },
});
