import { composite } from '../operation.js';
import { add, div, maximum, mul, sub } from '../ops/binary.js';
import { equal } from '../ops/compare.js';
import { mean, sum } from '../ops/reduce.js';
import { where } from '../ops/select.js';
import { abs, erf, exp, log, neg, reciprocal, sqrt, tanh } from '../ops/unary.js';
import { unarySamples } from '../samples.js';
import type { Tensor } from '../tensor.js';

const line = unarySamples({ from: -3, to: 3 });

/** x * x. */
export const square = (x: Tensor): Tensor => mul(x, x);

/** Logistic function, by the hyperbolic tangent: no overflow on either side. */
export const sigmoid = composite<'sigmoid', [x: Tensor]>(
  'sigmoid',
  (x) => add(mul(tanh(mul(x, 0.5)), 0.5), 0.5),
  {
    grad: (dy, _, y) => [mul(dy, mul(y, sub(1, y)))],
    samples: line,
  },
);

/** log(1 + x) for x > -1, exact for small x: the rounding error of 1 + x is divided out again (W. Kahan). */
export const log1p = composite<'log1p', [x: Tensor]>(
  'log1p',
  (x) => {
    const rounded = add(x, 1);
    const lost = equal(rounded, 1);
    // no division by zero even where it is not chosen: its gradient would be NaN
    return where(lost, x, mul(x, div(log(rounded), where(lost, 1, sub(rounded, 1)))));
  },
  {
    grad: (dy, [x]) => [div(dy, add(x!, 1))],
    samples: [...unarySamples({ from: -0.5, to: 3 }), { inputs: [{ shape: [6], from: 1e-6, to: 2e-6 }] }],
  },
);

/** log(1 + e^x), exact for large |x|. */
export const softplus = composite<'softplus', [x: Tensor]>(
  'softplus',
  (x) => add(maximum(x, 0), log1p(exp(neg(abs(x))))),
  { grad: (dy, [x]) => [mul(dy, sigmoid(x!))], samples: line },
);

/** Gaussian error linear unit, exact (not the tanh approximation). Hendrycks and Gimpel, 2016. */
export const gelu = composite<'gelu', [x: Tensor]>(
  'gelu',
  (x) => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1)),
  { samples: line },
);

/**
 * Rows divided by their L2 norm along the last axis. The norm is at least `epsilon`, so that a row of zeros gives zeros
 * and a finite gradient: sqrt(sum(x^2) + epsilon^2).
 */
export const l2Normalize = composite<'l2Normalize', [x: Tensor], { readonly epsilon: number }>(
  'l2Normalize',
  (x, { epsilon }) =>
    mul(x, reciprocal(sqrt(add(sum(square(x), { axis: -1, keepDims: true }), epsilon * epsilon)))),
  { samples: [{ inputs: [{ shape: [3, 6], from: -1, to: 2 }], attributes: { epsilon: 1e-6 } }] },
);

/** Cosine of the angle between rows of two tensors [..., D] -> [...]. Zero rows have cosine 0; see {@link l2Normalize}. */
export const cosineSimilarity = composite<
  'cosineSimilarity',
  [a: Tensor, b: Tensor],
  { readonly epsilon: number }
>(
  'cosineSimilarity',
  (a, b, { epsilon }) => {
    // one norm after the other: the product of two squared norms would overflow long before the cosine matters
    const inverseNorm = (x: Tensor) => reciprocal(sqrt(add(sum(square(x), { axis: -1 }), epsilon * epsilon)));
    return mul(mul(sum(mul(a, b), { axis: -1 }), inverseNorm(a)), inverseNorm(b));
  },
  {
    samples: [
      {
        inputs: [
          { shape: [3, 6], from: -1, to: 2 },
          { shape: [3, 6], from: 0, to: 1 },
        ],
        attributes: { epsilon: 1e-6 },
      },
    ],
  },
);

/** Mean over all positions of a map: [N, C, H, W] -> [N, C]. */
export const globalAveragePool = composite<'globalAveragePool', [x: Tensor]>(
  'globalAveragePool',
  (x) => mean(x, { axis: [2, 3] }),
  { samples: [{ inputs: [{ shape: [2, 3, 4, 4] }] }] },
);
