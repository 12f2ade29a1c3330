import { defineDistiller } from '@limbeck/core';
import {
  add,
  directionsOf,
  div,
  flatten,
  log,
  matmul,
  mean,
  mul,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { requireSeveral } from './require-several.js';
import { tapOptions } from './taps.js';

/** Added to probabilities before the logarithm; embeddings shorter than this have no direction. */
const epsilon = 1e-7;

/**
 * Probabilistic knowledge transfer (Passalis and Tefas, ECCV 2018): each image chooses a companion in its
 * batch with probabilities in proportion to (1 + cosine) / 2; p log(p / q), mean over all pairs.
 *
 * @param student embeddings [N, D]
 * @param teacher embeddings [N, D']
 */
export function companionDivergence(student: Tensor, teacher: Tensor): Tensor {
  const companions = (embedding: Tensor) => {
    const rows = directionsOf(flatten(embedding), epsilon).directions;
    const affinity = mul(add(matmul(rows, rows, { transposeB: true }), 1), 0.5);
    return div(affinity, sum(affinity, { axis: 1, keepDims: true }));
  };
  const [p, q] = [companions(teacher), companions(student)];
  return mean(mul(p, sub(log(add(p, epsilon)), log(add(q, epsilon)))));
}

/** Defaults as in RepDistiller: embeddings, weight 30000. */
export default defineDistiller({
  id: 'pkt',
  description: 'images choose the same companions in a batch as for the teacher',
  cite: 'arXiv:1803.10837',
  options: z.strictObject({
    weight: z.number().nonnegative().default(30_000).describe('of the term'),
    ...tapOptions,
  }),
  build({ student, teacher, options: { weight, tap, teacherTap = tap }, m }) {
    const s = student.tap(tap);
    requireSeveral('pkt', m, s);
    return { losses: { pkt: { weight, value: companionDivergence(s, teacher.tap(teacherTap)) } } };
  },
});
