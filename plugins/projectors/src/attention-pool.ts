import { defineProjector, LimbeckError } from '@limbeck/core';
import { formatShape, reshape } from '@limbeck/graph';
import { z } from 'zod';
import { attendedBy, headsOption, tokensOf } from './attention.js';

/** One learnt query attends to the positions of a map or to tokens, and makes a vector: [N, C, H, W] or [N, T, C] -> [N, D]. */
export default defineProjector({
  id: 'attention-pool',
  description: 'a learnt query attends to a map or to tokens and makes a vector',
  options: z.strictObject({
    heads: headsOption,
  }),
  project(m, x, target, { heads }) {
    if (target.length !== 2 || target[0] !== x.shape[0]) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `projector 'attention-pool' makes vectors [N, D] of ${formatShape(x.shape)}; the teacher's feature is ${formatShape(target)}`,
        { hint: "tap the teacher's embedding, or use 'cross-attention'" },
      );
    }
    const [n, width] = target as [number, number];
    const projector = 'attention-pool';
    const pooled = attendedBy(m, tokensOf(projector, x), { queries: 1, width, heads, projector });
    return reshape(pooled, [n, width]);
  },
});
