import { cast, mul, randomMask, type Shape, type Tensor } from '@limbeck/graph';
import { NnError } from '../errors.js';
import { randomInputs } from '../random-inputs.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.dropout` and `Scope.dropPath`. */
export interface DropoutOptions {
  /** Share that is dropped, in [0, 1). 0 leaves the program as it is. */
  readonly rate: number;
}

/** Drops single elements: x of any shape, the same shape. */
export const dropout = (m: Scope, x: Tensor, options: DropoutOptions): Tensor =>
  dropped(m, x, x.shape, options);

/** Drops whole samples: x [N, ...], the same shape. */
export const dropPath = (m: Scope, x: Tensor, options: DropoutOptions): Tensor =>
  dropped(
    m,
    x,
    x.shape.map((size, axis) => (axis === 0 ? size : 1)),
    options,
  );

/** @param shape of the mask */
function dropped(m: Scope, x: Tensor, shape: Shape, { rate }: DropoutOptions): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new NnError(`'${m.path}' drops a share of ${rate}; a rate lies in [0, 1)`);
  }
  if (rate === 0 || m.mode === 'eval') return x;
  const { seed, step } = randomInputs(x.graph);
  const probability = 1 - rate;
  const kept = randomMask(seed, step, { shape, site: m.trace.randomSite(m.path), probability });
  // multiplied, as PyTorch does: the backward pass reuses the factors
  return mul(x, mul(cast(kept, 'float32'), Math.fround(1 / probability)));
}
