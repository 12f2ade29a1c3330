import { defineDistiller, LimbeckError, type ModelView, stagesOf } from '@limbeck/core';
import {
  add,
  formatShape,
  matchSpatial,
  matmul,
  meanSquaredError,
  mul,
  reshape,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { initialOptions } from './initial-options.js';
import { mapPairs, tapOptions, tapsOf } from './map-pairs.js';

/**
 * How a map flows into a later one: products of their channels, mean over positions (Yim et al., CVPR 2017, eq. 1); the
 * larger is pooled to the smaller.
 *
 * @param early map [N, C, H, W]
 * @param late map [N, D, H', W']
 * @returns [N, D, C]
 */
export function flowMatrix(early: Tensor, late: Tensor): Tensor {
  const [bottom, top] = matchSpatial(early, late).map((map) =>
    reshape(map, [map.shape[0]!, map.shape[1]!, -1]),
  ) as [Tensor, Tensor];
  return mul(matmul(top, bottom, { transposeB: true }), 1 / top.shape[2]!);
}

/**
 * Squared differences of the flow matrices of both sides, mean over batch and elements, summed over neighbouring maps.
 *
 * @param pairs maps of both sides in order of depth, channels alike
 */
export function flowDistance(pairs: readonly (readonly [Tensor, Tensor])[]): Tensor {
  const distances = pairs.slice(1).map((late, i) => {
    const early = pairs[i]!;
    return meanSquaredError(flowMatrix(early[0], late[0]), flowMatrix(early[1], late[1]));
  });
  return distances.reduce((a, b) => add(a, b));
}

/** The maps the flow is followed through: what enters the first stage, where a backbone declares it, and every stage. */
const levelsOf = (view: ModelView): string[] => [
  ...(view.taps.includes('stem') ? ['stem'] : []),
  ...stagesOf(view),
];

/**
 * Flow of the solution procedure (Yim et al., CVPR 2017): first the student learns how the teacher's maps flow into each
 * other, then it trains with the cross-entropy alone. Defaults as in RepDistiller: stem and every stage, 30 epochs at the run's
 * learning rate, weight 1; the 50 of its script multiplies a term that is zero in the main phase. Maps need as many channels as the
 * teacher's.
 */
export default defineDistiller({
  id: 'fsp',
  description: "an initial phase in which maps learn to flow into each other as the teacher's do",
  cite: 'doi:10.1109/CVPR.2017.754',
  options: z.strictObject({
    weight: z
      .number()
      .positive()
      .default(1)
      .describe('of the sum over neighbouring maps, in the initial phase'),
    ...initialOptions,
    ...tapOptions,
  }),
  build({ student, teacher, options }) {
    const { weight, initialEpochs: epochs, initialLr: lr } = options;
    const [taps, teacherTaps] = tapsOf({ student, teacher }, options, levelsOf);
    const pairs = mapPairs('fsp', { student, teacher }, { taps, teacherTaps });
    if (pairs.length < 2) {
      throw new LimbeckError(
        'PRECONDITION',
        `distiller 'fsp' follows the flow from map to map, and there is one: '${taps[0]}' ${formatShape(pairs[0]![0].shape)}`,
        { hint: 'name two maps or more: taps: [...]' },
      );
    }
    for (const [i, [ours, theirs]] of pairs.entries()) {
      if (ours.shape[1] === theirs.shape[1]) continue;
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `distiller 'fsp' needs as many channels on both sides; '${taps[i]}' of student '${student.id}' is ${formatShape(ours.shape)}, '${teacherTaps[i]}' of teacher '${teacher.id}' ${formatShape(theirs.shape)}`,
        { hint: 'choose a student of the same widths, or name maps of equal channels: taps: [...]' },
      );
    }
    return {
      losses: {},
      initial: {
        epochs,
        losses: { fsp: { weight, value: flowDistance(pairs) } },
        trains: 'student',
        lr,
      },
    };
  },
});
