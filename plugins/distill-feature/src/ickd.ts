import { defineDistiller } from '@limbeck/core';
import { directionsOf, matmul, mul, reshape, square, sub, sum, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { lastMapOptions, lastMaps } from './map-pairs.js';

/** Rows of a channel matrix shorter than this belong to dead channels. */
const shortest = 1e-12;

/**
 * Squared distance of the correlations between the channels of each image, sum over pairs of channels over their number,
 * mean over the batch (Liu et al., ICCV 2021, eq. 3, as in the authors' code): channels are multiplied over all positions,
 * rows of the matrix normalised to length 1.
 *
 * @param student map [N, C, H, W]
 * @param teacher map [N, C, H', W']; positions are summed over, so sizes may differ
 */
export function channelCorrelationDistance(student: Tensor, teacher: Tensor): Tensor {
  const [batch, channels] = student.shape as [number, number];
  const correlations = (map: Tensor) => {
    const rows = reshape(map, [batch, channels, -1]);
    return directionsOf(matmul(rows, rows, { transposeB: true }), shortest).directions;
  };
  return mul(sum(square(sub(correlations(student), correlations(teacher)))), 1 / (channels * batch));
}

/**
 * Inter-channel correlation (ICKD-C): the student's last map, brought to the teacher's channels by a 1x1 convolution and
 * batch norm, has the teacher's correlations. Defaults as released for CIFAR-100: weight 2.5, cross-entropy 1, without a KL term.
 */
export default defineDistiller({
  id: 'ickd',
  description: "how channels correlate within an image follows the teacher's correlations",
  cite: 'doi:10.1109/ICCV48922.2021.00816',
  options: z.strictObject({
    weight: z.number().nonnegative().default(2.5).describe('of the term'),
    ...lastMapOptions,
  }),
  build({ student, teacher, options: { weight, ...taps }, m }) {
    const [s, t] = lastMaps('ickd', { student, teacher }, taps);
    const at = m.in('embed');
    const embedded = at.batchNorm('bn', at.conv('conv', s, { out: t.shape[1]!, kernel: 1 }));
    return { losses: { ickd: { weight, value: channelCorrelationDistance(embedded, t) } } };
  },
});
