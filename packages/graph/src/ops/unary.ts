import { reluGradient } from '../composites/relu-gradient.js';
import { type PrimitiveDeclaration, primitive, type TensorType } from '../operation.js';
import { unarySamples } from '../samples.js';
import type { Tensor } from '../tensor.js';
import { div, mul, sub } from './binary.js';
import { elementwise, requireFloat } from './reference.js';

type Unary = [x: Tensor];

/** What every elementwise function of one float tensor has in common. */
const unary = (
  name: string,
  f: (x: number) => number,
  grad: (dy: Tensor, x: Tensor, y: Tensor) => Tensor | null,
  range: { from: number; to: number },
): PrimitiveDeclaration<Record<never, never>> => ({
  infer: ([x]: readonly TensorType[], _, scope) => requireFloat(name, x!, scope),
  grad: (dy, [x], y) => [grad(dy, x!, y)],
  reference: elementwise(f),
  samples: unarySamples(range),
});

/** -x. */
export const neg = primitive<'neg', Unary>(
  'neg',
  unary(
    'neg',
    (x) => -x,
    (dy): Tensor => neg(dy),
    { from: -2, to: 2 },
  ),
);

/** e to the power x. */
export const exp = primitive<'exp', Unary>(
  'exp',
  unary('exp', Math.exp, (dy, _, y) => mul(dy, y), { from: -3, to: 3 }),
);

/** Natural logarithm; NaN below zero. */
export const log = primitive<'log', Unary>(
  'log',
  unary('log', Math.log, (dy, x) => div(dy, x), { from: 0.2, to: 4 }),
);

/** Square root; its gradient at 0 is infinite. */
export const sqrt = primitive<'sqrt', Unary>(
  'sqrt',
  unary('sqrt', Math.sqrt, (dy, _, y) => div(mul(dy, 0.5), y), { from: 0.2, to: 4 }),
);

/** 1 / x. */
export const reciprocal = primitive<'reciprocal', Unary>(
  'reciprocal',
  unary(
    'reciprocal',
    (x) => 1 / x,
    (dy, _, y) => neg(mul(dy, mul(y, y))),
    { from: 0.4, to: 3 },
  ),
);

/** |x|; gradient 0 at 0. */
export const abs = primitive<'abs', Unary>(
  'abs',
  unary('abs', Math.abs, (dy, x) => mul(dy, sign(x)), { from: 0.1, to: 2 }),
);

/** -1, 0 or 1; its gradient is 0 everywhere. */
export const sign = primitive<'sign', Unary>(
  'sign',
  unary('sign', Math.sign, () => null, { from: 0.1, to: 2 }),
);

/** max(x, 0); gradient 0 at 0, as in PyTorch. */
export const relu = primitive<'relu', Unary>(
  'relu',
  unary(
    'relu',
    (x) => Math.max(x, 0),
    (dy, _, y) => reluGradient(dy, y),
    { from: -2, to: 2 },
  ),
);

/** Hyperbolic tangent. */
export const tanh = primitive<'tanh', Unary>(
  'tanh',
  unary('tanh', Math.tanh, (dy, _, y) => mul(dy, sub(1, mul(y, y))), { from: -2, to: 2 }),
);

/** Gauss error function. */
export const erf = primitive<'erf', Unary>(
  'erf',
  unary('erf', erfReference, (dy, x) => mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x))))), {
    from: -2,
    to: 2,
  }),
);

/** Maclaurin series near zero, continued fraction of the complement in the tails: float64 accuracy. */
function erfReference(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total) && n < 200; n++) {
      term *= -(x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}
