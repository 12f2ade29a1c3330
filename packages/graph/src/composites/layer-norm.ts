import { composite } from '../operation.js';
import { add, mul, sub } from '../ops/binary.js';
import { mean } from '../ops/reduce.js';
import { reciprocal, sqrt } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';

/** Mean over the last axis, which stays with size 1. */
const rowMean = (x: Tensor): Tensor => mean(x, { axis: -1, keepDims: true });

/** Rows with mean 0 and variance 1, and one over the deviation each was divided by. */
function standardize(x: Tensor, epsilon: number): { normalized: Tensor; inverse: Tensor } {
  const centred = sub(x, rowMean(x));
  const inverse = reciprocal(sqrt(add(rowMean(mul(centred, centred)), epsilon)));
  return { normalized: mul(centred, inverse), inverse };
}

/** Normalises the last axis to mean 0 and variance 1, then scales and shifts: x [..., D], scale and bias [D]. Ba et al., 2016. */
export const layerNorm = composite<
  'layerNorm',
  [x: Tensor, scale: Tensor, bias: Tensor],
  { readonly epsilon: number }
>('layerNorm', (x, scale, bias, { epsilon }) => add(mul(standardize(x, epsilon).normalized, scale), bias), {
  grad: (dy, [x, scale], _, { epsilon }) => {
    const { normalized, inverse } = standardize(x!, epsilon);
    const scaled = mul(dy, scale!);
    const along = mul(normalized, rowMean(mul(scaled, normalized)));
    const dx = mul(inverse, sub(sub(scaled, rowMean(scaled)), along));
    return [dx, mul(dy, normalized), dy];
  },
  samples: [
    {
      inputs: [{ shape: [3, 5], from: -1, to: 2 }, { shape: [5] }, { shape: [5] }],
      attributes: { epsilon: 1e-5 },
    },
    {
      inputs: [{ shape: [2, 3, 4], from: -1, to: 2 }, { shape: [4], from: 0.5, to: 1.5 }, { shape: [4] }],
      attributes: { epsilon: 1e-6 },
    },
  ],
});
