import { defineProjector, useOption } from '@limbeck/core';
import { add, mul } from '@limbeck/graph';
import { z } from 'zod';

/**
 * Several projectors, averaged: f(s) = mean of g_k(s). Members of one kind differ by their first draws alone; a list gives
 * each its own kind or its own initialisation.
 * Chen et al., NeurIPS 2022 (arXiv:2210.15274); as released, one ReLU(linear) each, three of them.
 */
export default defineProjector({
  id: 'ensemble',
  description: 'several projectors, averaged',
  options: z
    .strictObject({
      count: z
        .int()
        .min(1)
        .max(64)
        .optional()
        .describe('number of projectors; default 3, or as many as are listed'),
      projector: z
        .union([useOption, z.array(useOption).min(1).max(64)])
        .default({ use: 'linear', activation: 'relu' })
        .describe('what each of them is, or a list of them'),
    })
    .refine(
      ({ count, projector }) =>
        !Array.isArray(projector) || count === undefined || count === projector.length,
      { path: ['count'], message: 'expected as many as `projector` lists; leave it out' },
    ),
  project(m, x, target, { count = 3, projector }, build) {
    const members = Array.isArray(projector) ? projector : Array.from({ length: count }, () => projector);
    const outputs = members.map((use, k) => build(use, m.in(k), x, target));
    return mul(
      outputs.reduce((sum, output) => add(sum, output)),
      1 / members.length,
    );
  },
});
