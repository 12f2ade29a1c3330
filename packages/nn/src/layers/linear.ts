import { add, matmul, type Tensor } from '@limbeck/graph';
import { type Initializer, torchDefault, torchDefaultBias } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.linear`, named as in PyTorch. */
export interface LinearOptions {
  /** Output features. */
  readonly out: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the weight; default PyTorch's. */
  readonly init?: Initializer;
  /** Of the bias; default PyTorch's. */
  readonly biasInit?: Initializer;
}

/** Variables `weight` [out, in] and `bias` [out]: x W^T + b. */
export function linear(
  m: Scope,
  x: Tensor,
  { out, bias = true, init = torchDefault, biasInit }: LinearOptions,
): Tensor {
  const features = x.shape[x.shape.length - 1]!;
  const y = matmul(x, m.parameter('weight', [out, features], init), { transposeB: true });
  return bias ? add(y, m.parameter('bias', [out], biasInit ?? torchDefaultBias(features))) : y;
}
