import { createLinearCka, defineMetric, LimbeckError } from '@limbeck/core';
import { describePair, featurePair, pairOf, widthsOf } from './feature-pair.js';

/** Values of an image up to which a representation is compared: matrices of 4096 x 4096 take 128 MiB each. */
const widest = 4096;

/**
 * Linear CKA of a feature of the student and its teacher's over a split: how alike the two representations are whatever
 * their widths, rotations and scales. From 0 to 1.
 */
export const linearCka = defineMetric({
  id: 'linear-cka',
  description: "linear CKA of a feature of the student and its teacher's",
  better: 'higher',
  options: featurePair,
  features: pairOf,
  create(_, pair) {
    const widths = widthsOf(pair);
    if (Math.max(...widths) > widest) {
      throw new LimbeckError(
        'PRECONDITION',
        `'linear-cka' compares at most ${widest} values an image: ${describePair(pair)}`,
        { hint: 'leave `pooled` on, or choose a smaller feature' },
      );
    }
    const cka = createLinearCka(widths);
    return {
      add: ({ features, count }) => cka.add(features.student, features.teacher, count),
      value: () => cka.value(),
    };
  },
});
