import { defineMetric } from '@limbeck/core';
import { z } from 'zod';
import { mostLikely } from './most-likely.js';

/** Share of samples for which the deployed student predicts what its teacher does, right or wrong (Stanton et al., 2021, arXiv:2106.05945). */
export const teacherAgreement = defineMetric({
  id: 'teacher-agreement',
  description: 'share of samples with the same prediction as the teacher',
  better: 'higher',
  format: { as: 'percent' },
  options: z.strictObject({}),
  features: () => ({ teacher: { of: 'teacher', path: 'logits' } }),
  create() {
    let same = 0;
    let samples = 0;
    return {
      add({ logits, features: { teacher }, count, classes }) {
        for (let row = 0; row < count; row++) {
          const start = row * classes;
          if (mostLikely(logits, start, classes) === mostLikely(teacher, start, classes)) same++;
        }
        samples += count;
      },
      value: () => same / samples,
    };
  },
});
