import { defineDistiller } from '@limbeck/core';
import {
  directionsOf,
  div,
  flatten,
  matmul,
  maximum,
  mul,
  reshape,
  smoothL1,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { requireSeveral } from './require-several.js';
import { tapOptions } from './taps.js';

/** Embeddings closer than this count as equal: at distance 0, in no direction, and without a gradient. */
const closest = 1e-6;

/** How the embeddings [N, D] of a batch lie: distances [N, N] over their mean, and cosines [N, N, N] of angles at each. */
function arrangement(embedding: Tensor): { distances: Tensor; angles: Tensor } {
  const [n, width] = embedding.shape as [number, number];
  const between = sub(reshape(embedding, [1, n, width]), reshape(embedding, [n, 1, width]));
  const { directions, lengths } = directionsOf(between, closest);
  const average = mul(sum(lengths), 1 / Math.max(n * (n - 1), 1));
  return {
    distances: div(reshape(lengths, [n, n]), maximum(average, closest)),
    angles: matmul(directions, directions, { transposeB: true }),
  };
}

/**
 * Relational knowledge distillation (Park et al., CVPR 2019): smooth L1 of the batch's pairwise distances,
 * each over their mean, and of the cosines of the angles in all triplets. Memory grows with N^3 and N^2 D.
 *
 * @param student embeddings [N, D]
 * @param teacher embeddings [N, D']
 */
export function relationalDistances(student: Tensor, teacher: Tensor): { distance: Tensor; angle: Tensor } {
  const [s, t] = [arrangement(flatten(student)), arrangement(flatten(teacher))];
  return { distance: smoothL1(s.distances, t.distances), angle: smoothL1(s.angles, t.angles) };
}

/** Defaults as in RepDistiller: embeddings, distances at weight 25, angles at 50. */
export default defineDistiller({
  id: 'rkd',
  description: "distances and angles between images follow the teacher's",
  cite: 'arXiv:1904.05068',
  options: z.strictObject({
    distance: z.number().nonnegative().default(25).describe('weight of the distances'),
    angle: z.number().nonnegative().default(50).describe('weight of the angles'),
    ...tapOptions,
  }),
  build({ student, teacher, options, m }) {
    const s = student.tap(options.tap);
    requireSeveral('rkd', m, s);
    const { distance, angle } = relationalDistances(s, teacher.tap(options.teacherTap ?? options.tap));
    return {
      losses: {
        distance: { weight: options.distance, value: distance },
        angle: { weight: options.angle, value: angle },
      },
    };
  },
});
