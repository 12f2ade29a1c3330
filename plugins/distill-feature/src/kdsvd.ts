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

/** What is decomposed of each image: matrices [C H, W], or [H W, C]. */
export type SingularMatrix = 'rows' | 'positions';

/** Right singular vectors of the maps of each image, W or C long: map [N, C, H, W] -> vectors [N, length, 1]. */
function singularVectors(
  map: Tensor,
  count: number,
  { squarings, matrix }: { readonly squarings: number; readonly matrix: SingularMatrix },
): Tensor[] {
  const [batch, channels, height, width] = map.shape as [number, number, number, number];
  const rows =
    matrix === 'rows'
      ? reshape(map, [batch, channels * height, width])
      : transpose(reshape(map, [batch, channels, height * width]), [0, 2, 1]);
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
 * of their elements, sum over pairs of stages and mean over the batch (Lee et al., ECCV 2018, with k = 1). mdistiller decomposes
 * `rows`, RepDistiller `positions`.
 *
 * @param pairs maps of both sides by stage, alike in width for `rows` and in channels for `positions`
 */
export function singularVectorDistance(
  pairs: readonly (readonly [Tensor, Tensor])[],
  how: { readonly squarings: number; readonly matrix: SingularMatrix },
): Tensor {
  const vectors = pairs.map(([student, teacher]) => {
    const [t] = singularVectors(teacher, 1, how) as [Tensor];
    const length = student.shape[how.matrix === 'rows' ? 3 : 1]!;
    const s = singularVectors(student, Math.min(candidates, length), how);
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
 * KDSVD: singular vectors of neighbouring stages relate as the teacher's do. Weight 1 and matrices [C H, W], as in mdistiller;
 * RepDistiller's are [H W, C] (`matrix: 'positions'`), for which channels must agree. The published code
 * calls a singular value decomposition, whose vectors are here found by squaring and deflation in the graph; they agree
 * where singular values are apart. The larger of two maps is pooled to the smaller, where the published code needs equal widths.
 *
 * A singular vector has no sign of its own, and how two stages relate depends on it. The published code keeps the sign its library
 * gives the teacher's vectors and turns the student's to it. Here the element of a vector with the largest size is positive.
 */
export default defineDistiller({
  id: 'kdsvd',
  description: 'leading singular vectors of neighbouring stages relate as those of the teacher',
  cite: 'arXiv:1807.06819',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the sum over pairs of stages'),
    matrix: z
      .enum(['rows', 'positions'])
      .default('rows')
      .describe('what is decomposed of an image: [channels x height, width], or [positions, channels]'),
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
    const unlike = pairs.find(([s, t]) => options.matrix === 'positions' && s.shape[1] !== t.shape[1]);
    if (unlike !== undefined) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `distiller 'kdsvd' compares singular vectors of channels, of which the maps have different numbers: ${unlike.map(({ shape }) => formatShape(shape)).join(' and ')}`,
        { hint: "tap maps of equal channels, or take matrix: 'rows'" },
      );
    }
    const value = singularVectorDistance(pairs, options);
    return { losses: { kdsvd: { weight: options.weight, value } } };
  },
});
