import { defineDistiller, LimbeckError } from '@limbeck/core';
import {
  abs,
  flatten,
  formatShape,
  mean,
  mul,
  sameShape,
  slice,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { requireSeveral } from './require-several.js';
import { tapOptions } from './taps.js';

/**
 * Correlation congruence (Peng et al., ICCV 2019) in the form its authors gave RepDistiller: distances of student and
 * teacher, multiplied between neighbours in the batch, summed over features, mean over neighbours. One image has no neighbours: 0.
 *
 * @param student features [N, D]
 * @param teacher features [N, D]
 */
export function correlationDistance(student: Tensor, teacher: Tensor): Tensor {
  if (student.shape[0] === 1) return student.graph.scalar(0);
  const distance = abs(sub(student, teacher));
  const neighbours = mul(slice(distance, { axis: 0, end: -1 }), slice(distance, { axis: 0, start: 1 }));
  return mean(sum(neighbours, { axis: 1 }));
}

/**
 * Defaults as in RepDistiller: embeddings, both sides mapped to 128 features by a linear layer that is trained with the
 * student, weight 0.02. The layers are dropped at inference.
 */
export default defineDistiller({
  id: 'cc',
  description: "how images correlate follows the teacher's correlations",
  cite: 'arXiv:1904.01802',
  options: z.strictObject({
    weight: z.number().nonnegative().default(0.02).describe('of the term'),
    embed: z
      .union([z.int().min(1), z.literal(false)])
      .default(128)
      .describe('width both features are mapped to; false: compare them as they are'),
    ...tapOptions,
  }),
  build({ student, teacher, options: { weight, embed, tap, teacherTap = tap }, m }) {
    const [s, t] = [flatten(student.tap(tap)), flatten(teacher.tap(teacherTap))];
    requireSeveral('cc', m, s);
    if (embed === false && !sameShape(s.shape, t.shape)) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `distiller 'cc' without an embedding compares features of one shape; the student's is ${formatShape(s.shape)}, the teacher's ${formatShape(t.shape)}`,
        { hint: 'set embed to a common width' },
      );
    }
    const value =
      embed === false
        ? correlationDistance(s, t)
        : correlationDistance(m.linear('student', s, { out: embed }), m.linear('teacher', t, { out: embed }));
    return { losses: { cc: { weight, value } } };
  },
});
