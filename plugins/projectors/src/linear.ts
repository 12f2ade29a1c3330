import { defineProjector } from '@limbeck/core';
import { relu } from '@limbeck/graph';
import { z } from 'zod';
import { requireVectors } from './vectors.js';

/** One fully connected layer [N, C] -> [N, D], with a ReLU on demand. */
export default defineProjector({
  id: 'linear',
  description: 'one fully connected layer, with a ReLU on demand',
  options: z.strictObject({
    activation: z.enum(['none', 'relu']).default('none').describe('applied to the result'),
    bias: z.boolean().default(true).describe('learn an offset'),
  }),
  project(m, x, target, { activation, bias }) {
    const width = requireVectors('linear', x, target);
    const y = m.linear('linear', x, { out: width, bias });
    return activation === 'relu' ? relu(y) : y;
  },
});
