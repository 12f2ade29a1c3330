import { defineProjector } from '@limbeck/core';
import { add, mul } from '@limbeck/graph';
import { z } from 'zod';

const member = z.union([z.string(), z.looseObject({ use: z.string() })]);

/**
 * Several projectors of one kind, averaged: f(s) = mean of g_k(s). The members differ by their first draws alone.
 * Chen et al., NeurIPS 2022 (arXiv:2210.15274); as released, one ReLU(linear) each, three of them.
 */
export default defineProjector({
  id: 'ensemble',
  description: 'several projectors of one kind, averaged',
  options: z.strictObject({
    count: z.int().min(1).max(64).default(3).describe('number of projectors'),
    projector: member.default({ use: 'linear', activation: 'relu' }).describe('what each of them is'),
  }),
  project(m, x, target, { count, projector }, build) {
    const outputs = Array.from({ length: count }, (_, k) => build(projector, m.in(k), x, target));
    return mul(
      outputs.reduce((sum, output) => add(sum, output)),
      1 / count,
    );
  },
});
