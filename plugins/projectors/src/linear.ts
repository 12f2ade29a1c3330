import { defineProjector } from '@limbeck/core';
import { z } from 'zod';
import { activate, activation } from './activation.js';
import { init, initializerOf } from './init.js';
import { requireVectors } from './vectors.js';

/** One fully connected layer [N, C] -> [N, D], or on each token [N, T, C] -> [N, T, D], with a ReLU on demand. */
export default defineProjector({
  id: 'linear',
  description: 'one fully connected layer, with a ReLU on demand',
  options: z.strictObject({
    activation,
    bias: z.boolean().default(true).describe('learn an offset'),
    init,
  }),
  project(m, x, target, options) {
    const out = requireVectors('linear', x, target);
    const y = m.linear('linear', x, { out, bias: options.bias, init: initializerOf(options.init) });
    return activate(y, options.activation);
  },
});
