import { defineDistiller, LimbeckError } from '@limbeck/core';
import { formatShape, meanSquaredError, sameShape, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { convRegressor } from './conv-regressor.js';
import { mapPair } from './map-pairs.js';

/** Mean squared error of two maps of one shape. */
export const hintLoss = (student: Tensor, teacher: Tensor): Tensor => meanSquaredError(student, teacher);

/**
 * FitNets (Romero et al., ICLR 2015, eq. 3): a regressor on a map in the middle of the student meets the teacher's map, the
 * hint. Trained together with everything else, as RepDistiller does it; defaults its own: the second stage, weight 100.
 * The regressor is dropped at inference.
 */
export default defineDistiller({
  id: 'fitnet',
  description: "a regressor on a middle map of the student meets the teacher's map",
  cite: 'arXiv:1412.6550',
  options: z.strictObject({
    weight: z.number().nonnegative().default(100).describe('of the hint term'),
    tap: z.string().default('stage2').describe("the student's map"),
    teacherTap: z.string().optional().describe("the teacher's map; default as `tap`"),
    regressor: z.boolean().default(true).describe('learn a convolution between the maps'),
  }),
  build({ student, teacher, options: { weight, tap, teacherTap = tap, regressor }, m }) {
    const [map, hint] = mapPair('fitnet', { student, teacher }, tap, teacherTap);
    if (!regressor && !sameShape(map.shape, hint.shape)) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `distiller 'fitnet' without a regressor compares maps of one shape; the student's is ${formatShape(map.shape)}, the teacher's ${formatShape(hint.shape)}`,
        { hint: 'set regressor: true' },
      );
    }
    const guess = regressor ? convRegressor(m.in('regressor'), map, hint.shape) : map;
    return { losses: { hint: { weight, value: hintLoss(guess, hint) } } };
  },
});
