import { defineDistiller, lastStageOf } from '@limbeck/core';
import { directionsOf, flatten, matmul, meanSquaredError, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { requireSeveral } from './require-several.js';

/** Rows of a Gram matrix shorter than this belong to images without any activity. */
const shortest = 1e-12;

/**
 * Similarity-preserving distillation (Tung and Mori, ICCV 2019, eq. 4): images that are alike for the teacher are alike
 * for the student. Mean squared distance of the batch's Gram matrices, their rows normalised to length 1.
 *
 * @param student map [N, C, H, W] or embedding [N, D]
 * @param teacher the same, of any other C, H and W
 */
export function similarityDistance(student: Tensor, teacher: Tensor): Tensor {
  const similarities = (feature: Tensor) => {
    const rows = flatten(feature);
    return directionsOf(matmul(rows, rows, { transposeB: true }), shortest).directions;
  };
  return meanSquaredError(similarities(student), similarities(teacher));
}

/** Defaults as in RepDistiller: the last stage, weight 3000. */
export default defineDistiller({
  id: 'sp',
  description: 'images that are alike for the teacher are alike for the student',
  cite: 'arXiv:1907.09682',
  options: z.strictObject({
    weight: z.number().nonnegative().default(3000).describe('of the term'),
    tap: z.string().optional().describe('the feature on both sides; default the last stage'),
    teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
  }),
  build({ student, teacher, options: { weight, tap, teacherTap = tap }, m }) {
    const s = student.tap(tap ?? lastStageOf(student));
    requireSeveral('sp', m, s);
    const value = similarityDistance(s, teacher.tap(teacherTap ?? lastStageOf(teacher)));
    return { losses: { sp: { weight, value } } };
  },
});
