import { add, type Conv2dOptions, conv2d, type Pair, pair, reshape, type Tensor } from '@limbeck/graph';
import { NnError } from '../errors.js';
import { fans, type Initializer, torchDefault, torchDefaultBias } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.conv`, named as in PyTorch. */
export interface ConvOptions extends Conv2dOptions {
  /** Output channels. */
  readonly out: number;
  readonly kernel: number | Pair;
  /** Default false: a batch norm follows in nearly every network. */
  readonly bias?: boolean;
  /** Of the weight; default PyTorch's. */
  readonly init?: Initializer;
  /** Of the bias; default PyTorch's. */
  readonly biasInit?: Initializer;
}

/** Variables `weight` [out, C / groups, kH, kW] and, on demand, `bias` [out]. */
export function conv(
  m: Scope,
  x: Tensor,
  { out, kernel, bias = false, init = torchDefault, biasInit, ...options }: ConvOptions,
): Tensor {
  const channels = x.shape[1]!;
  const groups = options.groups ?? 1;
  if (channels % groups !== 0 || out % groups !== 0) {
    throw new NnError(
      `convolution '${m.path}': ${channels} input and ${out} output channels do not divide into ${groups} groups`,
    );
  }
  const shape = [out, channels / groups, ...pair(kernel)];
  const y = conv2d(x, m.parameter('weight', shape, init), options);
  if (!bias) return y;
  const offset = m.parameter('bias', [out], biasInit ?? torchDefaultBias(fans(shape).fanIn));
  return add(y, reshape(offset, [out, 1, 1]));
}
