import { layerNorm as normalize, type Tensor } from '@limbeck/graph';
import { ones, zeros } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.layerNorm`, named as in PyTorch. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch. */
  readonly epsilon?: number;
}

/** Variables `weight` and `bias`, both [D]: x [..., D] normalised along its last axis, scaled and shifted. */
export function layerNorm(m: Scope, x: Tensor, { epsilon = 1e-5 }: LayerNormOptions): Tensor {
  const features = x.shape.at(-1)!;
  const scale = m.parameter('weight', [features], ones);
  return normalize(x, scale, m.parameter('bias', [features], zeros), { epsilon });
}
