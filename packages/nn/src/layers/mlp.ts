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
}

/** Two linear layers around a GELU, `fc1` and `fc2`: x [..., D] -> [..., D]. */
export function mlp(m: Scope, x: Tensor, { hidden, ...inits }: MlpOptions): Tensor {
  const inner = gelu(m.linear('fc1', x, { out: hidden, ...inits }));
  return m.linear('fc2', inner, { out: x.shape.at(-1)!, ...inits });
}
