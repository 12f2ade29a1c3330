import {
  countFits,
  type DistillerContext,
  defineDistiller,
  memberCount,
  membersOf,
  memberUses,
  useOption,
} from '@limbeck/core';
import { add, mul, reshape, type Tensor, transpose } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { z } from 'zod';

const options = z
  .strictObject({
    projectors: memberCount.optional().describe('number of projectors; default 3, or as many as are listed'),
    projector: memberUses
      .default({ use: 'linear', activation: 'relu' })
      .describe('what each of them is, or a list of them'),
    side: z
      .enum(['student', 'teacher', 'none'])
      .default('student')
      .describe('whose feature is projected; `none` compares them as they are and needs equal widths'),
    combination: z
      .enum(['mean', 'per-projector'])
      .default('mean')
      .describe('one loss of the mean projection, or the mean of one loss for each projection'),
    weight: z.number().nonnegative().default(25).describe('of the feature term'),
    loss: useOption.default('cosine').describe('how features are compared'),
    tap: z.string().default('embedding').describe('the feature on both sides'),
    teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
  })
  .refine(({ projectors, projector }) => countFits(projector, projectors), {
    path: ['projectors'],
    message: 'expected as many as `projector` lists; leave it out',
  });

type Options = z.infer<typeof options>;

/** What losses compare: vectors and tokens as they are, a map [N, C, H, W] as its positions [N, H W, C]. */
function rowsOf(feature: Tensor): Tensor {
  if (feature.shape.length !== 4) return feature;
  const [n, c, h, w] = feature.shape as [number, number, number, number];
  return transpose(reshape(feature, [n, c, h * w]), [0, 2, 1]);
}

/** Each projector's result, or their mean alone. */
function project(
  m: Scope,
  [from, to]: readonly [Tensor, Tensor],
  { projector, projectors = 3, side, combination }: Options,
  build: DistillerContext<Options>['project'],
): Tensor[] {
  if (side === 'none') return [build('identity', m, from, to.shape)];
  const members = membersOf(projector, projectors);
  if (combination === 'per-projector')
    return members.map((member, k) => build(member, m.in(k), from, to.shape));
  return [build({ use: 'ensemble', projector: members }, m, from, to.shape)];
}

/**
 * Projector ensemble (Chen et al., NeurIPS 2022, arXiv:2210.15274): the mean of several projections of the student's
 * embedding points where the teacher's embedding does. As released: three ReLU(linear) projectors, their mean first and
 * the loss once, weight 25 beside the cross-entropy, no logit term. Projectors are dropped at inference.
 *
 * Maps and tokens take part as well, position by position: `tap: 'last-map', projector: 'conv'`, or `attention-pool` and `cross-attention`
 * between features of unlike shapes.
 *
 * The papers' ablations are options: the number of projectors, their depth (`mlp`), activation and first weights, each
 * projector's own kind by a list, the side that is projected, none at all, one loss for each projector.
 */
export default defineDistiller({
  id: 'projector-ensemble',
  description: "the mean of several projections of the student's embedding follows the teacher's embedding",
  cite: 'arXiv:2210.15274',
  options,
  build({ student, teacher, options: chosen, m, project: build, loss }) {
    const [s, t] = [student.tap(chosen.tap), teacher.tap(chosen.teacherTap ?? chosen.tap)];
    const isTeacherSide = chosen.side === 'teacher';
    const projections = project(m.in('projectors'), isTeacherSide ? [t, s] : [s, t], chosen, build);
    const values = projections.map((projected) =>
      isTeacherSide
        ? loss(chosen.loss, rowsOf(s), rowsOf(projected))
        : loss(chosen.loss, rowsOf(projected), rowsOf(t)),
    );
    const total = values.reduce((sum, value) => add(sum, value));
    const value = values.length === 1 ? total : mul(total, 1 / values.length);
    return { losses: { feature: { weight: chosen.weight, value } } };
  },
});
