import {
  formatShape,
  reshape,
  scaledDotProductAttention,
  slice,
  type Tensor,
  transpose,
} from '@limbeck/graph';
import { NnError } from '../errors.js';
import type { Initializer } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.selfAttention`. */
export interface SelfAttentionOptions {
  /** Equal parts of the features that attend each on its own. */
  readonly heads: number;
  /** Of both weights; default PyTorch's. */
  readonly init?: Initializer;
  /** Of both biases; default PyTorch's. */
  readonly biasInit?: Initializer;
  /** Rate of dropout of the result. Default 0. */
  readonly dropout?: number;
}

/**
 * Multi-head self-attention over tokens: x [N, T, D] -> [N, T, D] (Vaswani et al., 2017). Named as timm names it: `qkv`
 * makes queries, keys and values in one product, `proj` mixes the heads.
 */
export function selfAttention(
  m: Scope,
  x: Tensor,
  { heads, dropout = 0, ...inits }: SelfAttentionOptions,
): Tensor {
  const [n, tokens, features] = x.shape as [number, number, number];
  if (x.shape.length !== 3 || features % heads !== 0) {
    throw new NnError(
      `attention '${m.path}' takes tokens [N, T, D] with D a multiple of its ${heads} heads, not ${formatShape(x.shape)}`,
    );
  }
  const qkv = m.linear('qkv', x, { out: 3 * features, ...inits });
  // queries, keys and values, each [N, heads, T, D / heads]
  const parts = transpose(reshape(qkv, [n, tokens, 3, heads, features / heads]), [2, 0, 3, 1, 4]);
  const part = (i: number): Tensor =>
    reshape(slice(parts, { axis: 0, start: i, end: i + 1 }), [n, heads, tokens, features / heads]);
  const attended = scaledDotProductAttention(part(0), part(1), part(2));
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [n, tokens, features]);
  const mixed = m.linear('proj', joined, { out: features, ...inits });
  return m.dropout('proj_drop', mixed, { rate: dropout });
}
