import { defineDistiller } from '@limbeck/core';
import { z } from 'zod';
import { klDivergence } from './kl-divergence.js';

/**
 * Knowledge distillation (Hinton et al., 2015): the student's softened predictions follow the teacher's.
 * Defaults as in RepDistiller's scripts: 0.1 cross-entropy + 0.9 KL at T = 4.
 *
 * With `projector`, the KL is taken on projected student logits, the cross-entropy on the plain ones, and the projector
 * is dropped at inference (Chen et al., arXiv:2310.17183; as released: one linear layer, classes to classes).
 */
export default defineDistiller({
  id: 'kd',
  description: "the student's softened predictions follow the teacher's",
  cite: 'arXiv:1503.02531',
  options: z.strictObject({
    weight: z.number().nonnegative().default(0.9).describe('of the KL term'),
    taskWeight: z.number().nonnegative().default(0.1).describe('of the cross-entropy'),
    temperature: z.number().positive().default(4).describe('softens both predictions'),
    projector: z
      .union([z.string(), z.looseObject({ use: z.string() })])
      .optional()
      .describe('projects the student logits first'),
  }),
  build({ student, teacher, options, m, project }) {
    const { weight, taskWeight, temperature, projector } = options;
    const logits =
      projector === undefined
        ? student.logits
        : project(projector, m.in('projector'), student.logits, teacher.logits.shape);
    return {
      losses: { kd: { weight, value: klDivergence(logits, teacher.logits, temperature) } },
      taskWeight,
    };
  },
});
