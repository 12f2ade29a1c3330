import { defineProjector } from '@limbeck/core';
import { relu } from '@limbeck/graph';
import { z } from 'zod';
import { requireVectors } from './vectors.js';

/** Several fully connected layers with ReLUs between them: [N, C] -> [N, hidden] ... -> [N, D]. */
export default defineProjector({
  id: 'mlp',
  description: 'several fully connected layers with ReLUs between them',
  options: z.strictObject({
    depth: z.int().min(1).default(2).describe('number of fully connected layers'),
    hidden: z.int().min(1).optional().describe("width between them; the target's width when left out"),
    activation: z.enum(['none', 'relu']).default('none').describe('applied to the result'),
  }),
  project(m, x, target, { depth, hidden, activation }) {
    const width = requireVectors('mlp', x, target);
    let y = x;
    for (let layer = 0; layer < depth; layer++) {
      const last = layer === depth - 1;
      y = m.linear(`layers.${layer}`, y, { out: last ? width : (hidden ?? width) });
      if (!last || activation === 'relu') y = relu(y);
    }
    return y;
  },
});
