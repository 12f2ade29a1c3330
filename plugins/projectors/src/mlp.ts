import { defineProjector } from '@limbeck/core';
import { relu } from '@limbeck/graph';
import { z } from 'zod';
import { activate, activation } from './activation.js';
import { init, initializerOf } from './init.js';
import { requireVectors } from './vectors.js';

/** Several fully connected layers with ReLUs between them: [N, C] -> [N, hidden] ... -> [N, D], or on each token [N, T, C] -> [N, T, D]. */
export default defineProjector({
  id: 'mlp',
  description: 'several fully connected layers with ReLUs between them',
  options: z.strictObject({
    depth: z.int().min(1).max(64).default(2).describe('number of fully connected layers'),
    hidden: z.int().min(1).optional().describe("width between them; the target's width when left out"),
    activation,
    init,
  }),
  project(m, x, target, { depth, hidden, ...options }) {
    const width = requireVectors('mlp', x, target);
    let y = x;
    for (let layer = 0; layer < depth; layer++) {
      const last = layer === depth - 1;
      const out = last ? width : (hidden ?? width);
      y = m.linear(`layers.${layer}`, y, { out, init: initializerOf(options.init) });
      y = last ? activate(y, options.activation) : relu(y);
    }
    return y;
  },
});
