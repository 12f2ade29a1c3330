import { defineDistiller, LimbeckError } from '@limbeck/core';
import {
  abs,
  add,
  argMax,
  concat,
  exp,
  formatShape,
  matchSpatial,
  matmul,
  mul,
  oneHot,
  reshape,
  sign,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@limbeck/graph';
import { z } from 'zod';
import { mapPairs, tapOptions } from './map-pairs.js';
import { leadingVectors } from './singular-vectors.js';

/** Student vectors among which the one most like the teacher's is chosen. */
const candidates = 4;

/** Right singular vectors of the maps as matrices [C H, W] of each image: map [N, C, H, W] -> vectors [N, W, 1]. */
function singularVectors(map: Tensor, count: number, squarings: number): Tensor[] {
  const [batch, channels, height, width] = map.shape as [number, number, number, number];
  const rows = reshape(map, [batch, channels * height, width]);
  return leadingVectors(matmul(rows, rows, { transposeA: true }), count, squarings);
}

/** The student's vector most like the teacher's, turned to point the same way: [N, W, 1]. */
function aligned(vectors: readonly Tensor[], teacher: Tensor): Tensor {
  const [batch] = teacher.shape as [number];
  const all = concat(vectors, { axis: 2 });
  const cosines = stopGradient(matmul(all, teacher, { transposeA: true }));
  const best = oneHot(argMax(reshape(abs(cosines), [batch, vectors.length])), vectors.length);
  return matmul(all, mul(reshape(best, [batch, vectors.length, 1]), sign(cosines)));
}

/**
 * Squared distances between how the leading singular vectors of neighbouring stages relate, by a radial basis over all pairs
 * of their elements, sum over pairs of stages and mean over the batch (Lee et al., ECCV 2018, as in RepDistiller and mdistiller
 * with k = 1).
 *
 * @param pairs maps of both sides by stage, widths alike
 */
export function singularVectorDistance(
  pairs: readonly (readonly [Tensor, Tensor])[],
  squarings: number,
): Tensor {
  const vectors = pairs.map(([student, teacher]) => {
    const [t] = singularVectors(teacher, 1, squarings) as [Tensor];
    const s = singularVectors(student, Math.min(candidates, student.shape[3]!), squarings);
    return [aligned(s, t), t] as const;
  });
  const relation = (late: Tensor, early: Tensor) =>
    exp(mul(square(sub(late, transpose(early, [0, 2, 1]))), -1 / 8));
  const distances = vectors.slice(1).map(([s, t], i) => {
    const [before, taught] = vectors[i]!;
    return sum(square(sub(relation(s, before), relation(t, taught))));
  });
  return mul(
    distances.reduce((a, b) => add(a, b)),
    1 / pairs[0]![0].shape[0]!,
  );
}

/**
 * KDSVD: singular vectors of neighbouring stages relate as the teacher's do. Weight 1, as in mdistiller. The published code
 * calls a singular value decomposition, whose vectors are here found by squaring and deflation in the graph; they agree
 * where singular values are apart. The larger of two maps is pooled to the smaller, where the published code needs equal widths.
 */
export default defineDistiller({
  id: 'kdsvd',
  description: 'leading singular vectors of neighbouring stages relate as those of the teacher',
  cite: 'arXiv:1807.06819',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the sum over pairs of stages'),
    squarings: z.int().min(1).max(20).default(10).describe('matrices are raised to the power 2^squarings'),
    ...tapOptions,
  }),
  build({ student, teacher, options }) {
    const pairs = mapPairs('kdsvd', { student, teacher }, options).map(([s, t]) => matchSpatial(s, t));
    if (pairs.length < 2) {
      throw new LimbeckError(
        'PRECONDITION',
        `distiller 'kdsvd' relates stages to their neighbours, and there is one: ${formatShape(pairs[0]![0].shape)}`,
        { hint: 'name two maps or more: taps: [...]' },
      );
    }
    const value = singularVectorDistance(pairs, options.squarings);
    return { losses: { kdsvd: { weight: options.weight, value } } };
  },
});
