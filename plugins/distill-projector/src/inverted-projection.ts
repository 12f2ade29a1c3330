import { defineDistiller, useOption } from '@limbeck/core';
import { meanSquaredError } from '@limbeck/graph';
import { z } from 'zod';
import { tapOptions, vectorOf } from './taps.js';

/**
 * Inverted projection (Auty et al., 2024): the projector is on the teacher's side, and learns to leave out what of the
 * teacher's features is of no use to the student; meant for teachers of other tasks. Nothing of it is left at inference.
 *
 * The paper gives the principle; that the projector is linear without offset, the mean squared error and weight 1 are our
 * choices.
 */
export default defineDistiller({
  id: 'inverted-projection',
  description: "a projection of the teacher's features meets the student's",
  cite: 'arXiv:2403.14494',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the term'),
    projector: useOption
      .default({ use: 'linear', bias: false })
      .describe("maps the teacher's features to the student's width"),
    loss: useOption.optional().describe('how features are compared; default by the mean squared error'),
    ...tapOptions,
  }),
  build({ student, teacher, options, m, project, loss }) {
    const s = vectorOf('inverted-projection', student, options.tap);
    const t = vectorOf('inverted-projection', teacher, options.teacherTap ?? options.tap);
    const projected = project(options.projector, m.in('projector'), t, s.shape);
    const value =
      options.loss === undefined ? meanSquaredError(s, projected) : loss(options.loss, s, projected);
    return { losses: { feature: { weight: options.weight, value } } };
  },
});
