import { defineDistiller } from '@limbeck/core';
import {
  abs,
  add,
  flatten,
  l2Normalize,
  matchSpatial,
  mean,
  meanSquaredError,
  pow,
  square,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { mapPairs, tapOptions } from './map-pairs.js';

/** Least norm of an attention map, so that dead channels give zeros. */
const epsilon = 1e-12;

/**
 * Squared distance of attention maps, mean over batch and positions (Zagoruyko and Komodakis, ICLR 2017, eq. 2): an
 * attention map is the mean over channels of |activation|^power, normalised to length 1.
 *
 * @param student map [N, C, H, W]
 * @param teacher map [N, C', H', W']; the larger of the two is pooled to the smaller first
 */
export function attentionDistance(student: Tensor, teacher: Tensor, power: number): Tensor {
  const attention = (map: Tensor) => {
    const activity = power === 2 ? square(map) : pow(abs(map), power);
    return l2Normalize(flatten(mean(activity, { axis: 1 })), { epsilon });
  };
  const [s, t] = matchSpatial(student, teacher);
  return meanSquaredError(attention(s), attention(t));
}

/** Attention transfer: the student looks where the teacher looks. Defaults as in RepDistiller: every stage, weight 1000. */
export default defineDistiller({
  id: 'at',
  description: 'spatial attention maps agree at every stage',
  cite: 'arXiv:1612.03928',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1000).describe('of the sum over stages'),
    power: z.number().min(1).default(2).describe('to which activations are raised'),
    ...tapOptions,
  }),
  build({ student, teacher, options }) {
    const distances = mapPairs('at', { student, teacher }, options).map(([s, t]) =>
      attentionDistance(s, t, options.power),
    );
    return { losses: { at: { weight: options.weight, value: distances.reduce((a, b) => add(a, b)) } } };
  },
});
