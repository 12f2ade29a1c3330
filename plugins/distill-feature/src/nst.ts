import { defineDistiller } from '@limbeck/core';
import {
  add,
  l2Normalize,
  matchSpatial,
  matmul,
  mean,
  mul,
  reshape,
  square,
  sub,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { mapPairs, tapOptions } from './map-pairs.js';

/** Least norm of a channel, so that dead channels give zeros. */
const epsilon = 1e-12;

/**
 * Squared maximum mean discrepancy between the channels of two maps under the polynomial kernel (a . b)^2, mean over the
 * batch (Huang and Wang, 2017). A channel is the vector of its positions, normalised to length 1.
 *
 * @param student map [N, C, H, W]
 * @param teacher map [N, C', H', W']; the larger of the two is pooled to the smaller first
 */
export function neuronSelectivityDistance(student: Tensor, teacher: Tensor): Tensor {
  const channels = (map: Tensor) =>
    l2Normalize(reshape(map, [map.shape[0]!, map.shape[1]!, -1]), { epsilon });
  const [s, t] = matchSpatial(student, teacher).map(channels) as [Tensor, Tensor];
  const kernel = (a: Tensor, b: Tensor) => mean(square(matmul(a, b, { transposeB: true })));
  return sub(add(kernel(t, t), kernel(s, s)), mul(kernel(s, t), 2));
}

/** Neuron selectivity transfer: channels are selective like the teacher's. Defaults as in RepDistiller: every stage, weight 50. */
export default defineDistiller({
  id: 'nst',
  description: "the distribution of channels follows the teacher's at every stage",
  cite: 'arXiv:1707.01219',
  options: z.strictObject({
    weight: z.number().nonnegative().default(50).describe('of the sum over stages'),
    ...tapOptions,
  }),
  build({ student, teacher, options }) {
    const distances = mapPairs('nst', { student, teacher }, options).map(([s, t]) =>
      neuronSelectivityDistance(s, t),
    );
    return { losses: { nst: { weight: options.weight, value: distances.reduce((a, b) => add(a, b)) } } };
  },
});
