import { defineMetric } from '@limbeck/core';
import { cosine } from './cosine.js';
import { featurePair, pairOf, requireEqualWidth } from './feature-pair.js';

/**
 * Mean cosine between a feature of the student and the same of its teacher, image by image: how far the one points where
 * the other does, as Chen et al. follow it through training (arXiv:2310.17183). From -1 to 1. Widths must be equal; of a
 * student that is narrower, what a projector makes of its feature can be compared.
 */
export const teacherCosine = defineMetric({
  id: 'teacher-cosine',
  description: "mean cosine between a feature of the student and its teacher's",
  better: 'higher',
  options: featurePair,
  features: pairOf,
  create(_, pair) {
    const size = requireEqualWidth('teacher-cosine', pair);
    let sum = 0;
    let samples = 0;
    return {
      add({ features: { student, teacher }, count }) {
        for (let row = 0; row < count; row++) sum += cosine(student, teacher, { start: row * size, size });
        samples += count;
      },
      value: () => sum / samples,
    };
  },
});
