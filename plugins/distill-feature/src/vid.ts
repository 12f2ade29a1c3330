import { defineDistiller } from '@limbeck/core';
import {
  add,
  div,
  log,
  matchSpatial,
  mean,
  mul,
  relu,
  reshape,
  softplus,
  square,
  sub,
  type Tensor,
} from '@limbeck/graph';
import { constant, type Scope } from '@limbeck/nn';
import { z } from 'zod';
import { mapPairs, tapOptions } from './map-pairs.js';

/** Guess at the teacher's map: three 1x1 convolutions of the teacher's width, ReLUs between them, no offsets. */
function regressor(m: Scope, map: Tensor, width: number): Tensor {
  const hidden = relu(m.conv(0, map, { out: width, kernel: 1 }));
  return m.conv(4, relu(m.conv(2, hidden, { out: width, kernel: 1 })), { out: width, kernel: 1 });
}

/**
 * Mean negative log-likelihood, without its constant, of the teacher's map under a Gaussian around a guess made from the
 * student's (Ahn et al., CVPR 2019). Each channel learns a variance softplus(log_scale) + epsilon.
 *
 * @param student map [N, C, H, W]
 * @param teacher map [N, C', H', W']; the larger of the two is pooled to the smaller first
 * @param variance first variance of every channel, above epsilon
 */
export function variationalInformation(
  m: Scope,
  student: Tensor,
  teacher: Tensor,
  { variance, epsilon }: { variance: number; epsilon: number },
): Tensor {
  const [s, t] = matchSpatial(student, teacher);
  const width = t.shape[1]!;
  const guess = m.in('regressor').scoped(() => regressor(m.in('regressor'), s, width));
  const first = constant(Math.log(Math.expm1(variance - epsilon)));
  const learnt = reshape(m.parameter('log_scale', [width], first), [width, 1, 1]);
  const variances = add(softplus(learnt), epsilon);
  return mul(mean(add(div(square(sub(guess, t)), variances), log(variances))), 0.5);
}

/** Variational information distillation. Defaults as in RepDistiller: every stage, weight 1, variances from 5 on. */
export default defineDistiller({
  id: 'vid',
  description: "the teacher's maps are likely, given the student's",
  cite: 'arXiv:1904.05835',
  options: z
    .strictObject({
      weight: z.number().nonnegative().default(1).describe('of the sum over stages'),
      variance: z.number().positive().max(80).default(5).describe('first variance of every channel'),
      epsilon: z.number().positive().default(1e-5).describe('least variance'),
      ...tapOptions,
    })
    .refine(({ variance, epsilon }) => variance > epsilon, {
      message: 'must be above epsilon',
      path: ['variance'],
    }),
  build({ student, teacher, options, m }) {
    const terms = mapPairs('vid', { student, teacher }, options).map(([s, t], i) =>
      variationalInformation(m.in(i), s, t, options),
    );
    return { losses: { vid: { weight: options.weight, value: terms.reduce((a, b) => add(a, b)) } } };
  },
});
