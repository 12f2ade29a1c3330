import { defineDistiller } from '@limbeck/core';
import { z } from 'zod';
import { klDivergence } from './kl-divergence.js';
import { standardized } from './standardize.js';
import { studentLogits, tap } from './student-logits.js';
import { requireTwoClasses } from './target-class.js';

/**
 * Logit standardisation (Sun et al., CVPR 2024): KD of z-scores, so that the student need not reach the teacher's
 * magnitudes. Defaults as released for CIFAR-100 with resnet32x4 to resnet8x4: T = 2, weight 9, cross-entropy 0.1; other
 * pairs use T from 2 to 4 and weights from 9 to 12. Under DKD it is that distiller's option `standardize`.
 */
export default defineDistiller({
  id: 'logit-standardization',
  description: "the z-scores of the student's logits follow the teacher's",
  cite: 'arXiv:2403.01427',
  options: z.strictObject({
    weight: z.number().nonnegative().default(9).describe('of the KL term'),
    taskWeight: z.number().nonnegative().default(0.1).describe('of the cross-entropy'),
    temperature: z.number().positive().default(2).describe('softens both predictions'),
    tap,
  }),
  exclusive: true,
  build({ student, teacher, classes, options }) {
    const { weight, taskWeight, temperature } = options;
    requireTwoClasses('logit-standardization', classes);
    const logits = studentLogits('logit-standardization', student, options.tap);
    const [s, t] = [standardized(logits), standardized(teacher.logits)];
    return { losses: { kd: { weight, value: klDivergence(s, t, temperature) } }, taskWeight };
  },
});
