import { gelu, type Tensor } from '@limbeck/graph';
import type { Initializer } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.mlp`. */
export interface MlpOptions {
  /** Features between its two layers. */
  readonly hidden: number;
  /** Of both weights; default PyTorch's. */
  readonly init?: Initializer;
  /** Of both biases; default PyTorch's. */
  readonly biasInit?: Initializer;
  /** Rate of dropout behind each of the two layers, the GELU before it. Default 0. */
  readonly dropout?: number;
}

/** Two linear layers around a GELU, `fc1` and `fc2`: x [..., D] -> [..., D]. */
export function mlp(m: Scope, x: Tensor, { hidden, dropout: rate = 0, ...inits }: MlpOptions): Tensor {
  const inner = m.dropout('drop1', gelu(m.linear('fc1', x, { out: hidden, ...inits })), { rate });
  return m.dropout('drop2', m.linear('fc2', inner, { out: x.shape.at(-1)!, ...inits }), { rate });
}
