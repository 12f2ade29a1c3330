import { countFits, defineProjector, memberCount, membersOf, memberUses } from '@limbeck/core';
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
      count: memberCount.optional().describe('number of projectors; default 3, or as many as are listed'),
      projector: memberUses
        .default({ use: 'linear', activation: 'relu' })
        .describe('what each of them is, or a list of them'),
    })
    .refine(({ count, projector }) => countFits(projector, count), {
      path: ['count'],
      message: 'expected as many as `projector` lists; leave it out',
    }),
  project(m, x, target, { count = 3, projector }, build) {
    const members = membersOf(projector, count);
    const outputs = members.map((use, k) => build(use, m.in(k), x, target));
    return mul(
      outputs.reduce((sum, output) => add(sum, output)),
      1 / members.length,
    );
  },
});
