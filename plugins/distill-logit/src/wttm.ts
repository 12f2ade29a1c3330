import { defineDistiller } from '@limbeck/core';
import { mean, mul } from '@limbeck/graph';
import { z } from 'zod';
import { studentLogits, tap } from './student-logits.js';
import { transformedMatching } from './ttm.js';

/**
 * Weighted transformed teacher matching (Zheng and Yang, ICLR 2024): as `ttm`, each image weighted by the power sum of the
 * teacher's probabilities, so that images the teacher is unsure about count more. Defaults are those of the authors'
 * example beside CRD, VGG13 to VGG8: exponent 0.2, weight 4; both are chosen for each pair.
 */
export default defineDistiller({
  id: 'wttm',
  description: 'as ttm, and images count by how unsure the teacher is about them',
  cite: 'arXiv:2402.11148',
  options: z.strictObject({
    weight: z.number().nonnegative().default(4).describe('of the term'),
    exponent: z.number().positive().default(0.2).describe("to which the teacher's probabilities are raised"),
    tap,
  }),
  exclusive: true,
  build({ student, teacher, options: { weight, exponent, ...options } }) {
    const logits = studentLogits('wttm', student, options.tap);
    const { divergence, power } = transformedMatching(logits, teacher.logits, exponent);
    return { losses: { wttm: { weight, value: mean(mul(power, divergence)) } } };
  },
});
