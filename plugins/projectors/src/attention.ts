import { LimbeckError } from '@limbeck/core';
import {
  broadcastTo,
  formatShape,
  reshape,
  type Shape,
  scaledDotProductAttention,
  type Tensor,
  transpose,
} from '@limbeck/graph';
import { normal, type Scope } from '@limbeck/nn';
import { z } from 'zod';

/** Option for the number of heads. */
export const headsOption = z
  .int()
  .min(1)
  .default(1)
  .describe("equal parts of the target's width that attend each on its own");

/** Tokens [N, T, C] of a feature: a map's positions row by row, or the tokens themselves. */
export function tokensOf(projector: string, x: Tensor): Tensor {
  const { shape } = x;
  if (shape.length === 3) return x;
  if (shape.length === 4) {
    const [n, c, h, w] = shape as [number, number, number, number];
    return transpose(reshape(x, [n, c, h * w]), [0, 2, 1]);
  }
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `projector '${projector}' attends to maps [N, C, H, W] or tokens [N, T, C]; the feature is ${formatShape(shape)}`,
    { hint: "tap a map or tokens, such as 'last-map'" },
  );
}

/**
 * Learnt queries attend to tokens [N, T, C] -> [N, queries, D]: queries, keys and values each through a linear layer, then
 * `heads` parts of D each on its own, then a linear layer.
 *
 * @throws LimbeckError SHAPE_MISMATCH where D is no multiple of the heads
 */
export function attendedBy(
  m: Scope,
  tokens: Tensor,
  { queries, width, heads, projector }: { queries: number; width: number; heads: number; projector: string },
): Tensor {
  if (width % heads !== 0) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `projector '${projector}' has ${heads} heads, which do not divide the teacher's ${width} channels`,
      { hint: 'choose another number of heads' },
    );
  }
  const n = tokens.shape[0]!;
  const split = (x: Tensor): Tensor =>
    transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, width / heads]), [0, 2, 1, 3]);
  const query = m.linear('q', m.parameter('query', [1, queries, width], normal(0.02)), { out: width });
  const [q, k, v] = [query, m.linear('k', tokens, { out: width }), m.linear('v', tokens, { out: width })].map(
    split,
  ) as [Tensor, Tensor, Tensor];
  const all: Shape = [n, heads, queries, width / heads];
  const attended = scaledDotProductAttention(broadcastTo(q, all), k, v);
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [n, queries, width]);
  return m.linear('proj', joined, { out: width });
}
