import { defineDistiller } from '@limbeck/core';
import {
  adaptiveAvgPool,
  add,
  cast,
  less,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  mul,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from '@limbeck/graph';
import { normal, runningMean, type Scope } from '@limbeck/nn';
import { z } from 'zod';
import { mapPairs, tapOptions, tapsOf } from './map-pairs.js';
import { marginsPreparation } from './margins.js';
import { preactsOf } from './preacts.js';

/**
 * Partial L2 distance to the teacher's map under a margin ReLU (Heo et al., ICCV 2019, eq. 1 and 4), summed over a map, mean
 * over the batch: below its margin a response of the teacher counts as the margin, and where it is not positive the student may
 * be as far below it as it likes.
 *
 * @param student map [N, C, H, W]
 * @param teacher map [N, C, H, W], before the activation
 * @param margin [C, 1, 1], not positive
 */
export function partialDistance(student: Tensor, teacher: Tensor, margin: Tensor): Tensor {
  const target = maximum(teacher, margin);
  const silent = logicalAnd(logicalNot(less(target, student)), logicalNot(less(0, target)));
  const distance = where(silent, 0, square(sub(student, target)));
  return mul(sum(distance), 1 / student.shape[0]!);
}

/** Mean of each channel's negative responses over all that was seen, this batch included: [C, 1, 1]. Kept as buffers. */
export function negativeMeans(m: Scope, map: Tensor): Tensor {
  const axis = [0, 2, 3];
  const count = sum(cast(less(map, 0), map.dtype), { axis });
  const means = runningMean(m, 'margins', { sums: sum(minimum(map, 0), { axis }), count });
  return reshape(means, [map.shape[1]!, 1, 1]);
}

/**
 * Overhaul of feature distillation (Heo et al., ICCV 2019): maps before the activation, the student's through a 1x1
 * convolution and batch norm, under a margin ReLU and the partial distance; each stage counts half of the next. Defaults
 * as in mdistiller: weight 1e-3, cross-entropy 1.
 *
 * A margin is the expectation of a channel's negative responses. The released code derives it from the scale and offset of
 * the teacher's last batch norm, as of a normal distribution. Here mean and deviation of the normal distribution are those of the
 * teacher's map over the training images, which holds behind shortcuts and for any backbone. The teacher's map is pooled to the
 * student's size, or stretched where it is smaller, as in mdistiller. The released code keeps the teacher's batch norms in training mode;
 * here they use their running statistics. Backbones without taps before the activation are compared after it.
 */
export default defineDistiller({
  id: 'ofd',
  description: "maps before the activation meet the teacher's, above a margin",
  cite: 'arXiv:1904.01866',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1e-3).describe('of the sum over stages'),
    margins: z
      .enum(['normal', 'measured', 'running'])
      .default('normal')
      .describe(
        'expectation of negative responses: of a normal distribution, measured before training, or over what was seen so far',
      ),
    ...tapOptions,
  }),
  build({ student, teacher, options, m, prepare }) {
    const pairs = mapPairs('ofd', { student, teacher }, options, preactsOf);
    const [, paths] = tapsOf({ student, teacher }, options, preactsOf);
    const maps = pairs.map(([, { shape }], i) => ({
      path: paths[i]!,
      channels: shape[1]!,
      positions: shape[2]! * shape[3]!,
    }));
    const prepared = options.margins === 'running' ? {} : prepare(marginsPreparation(maps, options.margins));
    const distances = pairs.map(([ours, theirs], i) => {
      const at = m.in(i);
      const out = theirs.shape[1]!;
      const conv = at.conv('conv', ours, { out, kernel: 1, init: normal(Math.sqrt(2 / out)) });
      const s = at.batchNorm('bn', conv);
      const t = adaptiveAvgPool(theirs, { size: [s.shape[2]!, s.shape[3]!] });
      const known = prepared[i];
      const margin = known === undefined ? negativeMeans(at, theirs) : reshape(known, [out, 1, 1]);
      return mul(partialDistance(s, t, margin), 2 ** (i + 1 - pairs.length));
    });
    return { losses: { ofd: { weight: options.weight, value: distances.reduce((a, b) => add(a, b)) } } };
  },
});
