import { type DType, isFloat } from '../dtype.js';
import { primitive } from '../operation.js';
import type { Tensor } from '../tensor.js';

/** The operation behind {@link cast}. */
export const castOperation = primitive<'cast', [x: Tensor], { readonly to: DType }>('cast', {
  infer: ([x], { to }) => ({ shape: x!.shape, dtype: to }),
  grad: (dy, [x]) => [isFloat(x!.dtype) ? cast(dy, x!.dtype) : null],
  reference: ([x], { to }) =>
    x!.data.map((value) => (to === 'bool' ? Number(value !== 0) : isFloat(to) ? value : Math.trunc(value))),
  samples: [
    { inputs: [{ shape: [4], dtype: 'int32', values: [-2, 0, 1, 7] }], attributes: { to: 'float32' } },
    {
      inputs: [{ shape: [4], values: [-1.5, 0, 0.25, 3.75], differentiable: false }],
      attributes: { to: 'int32' },
    },
    { inputs: [{ shape: [3], values: [0, 2, -1], differentiable: false }], attributes: { to: 'bool' } },
    { inputs: [{ shape: [3], dtype: 'bool', values: [0, 1, 1] }], attributes: { to: 'float32' } },
  ],
});

/** The same values as another element type; towards integers they are truncated, towards bool compared with 0. */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : castOperation(x, { to });
}

/** The operation behind {@link stopGradient}. */
export const stopGradientOperation = primitive<'stopGradient', [x: Tensor]>('stopGradient', {
  infer: ([x]) => x!,
  grad: () => [null],
  reference: ([x]) => x!.data.slice(),
  samples: [{ inputs: [{ shape: [3], differentiable: false }] }],
});

/** The same value, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => stopGradientOperation(x);
