import { normalizeAxis, stridesOf } from '../broadcast.js';
import { formatShape, sameShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { primitive } from '../operation.js';
import type { Tensor } from '../tensor.js';
import { requireNumber, requireType } from './reference.js';

/** The operation behind {@link gather}. */
export const gatherOperation = primitive<'gather', [x: Tensor, indices: Tensor], { readonly axis: number }>(
  'gather',
  {
    infer: ([x, indices], { axis }, scope) => {
      requireType('gather', 'the indices', indices!, 'int32', scope);
      return {
        shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)],
        dtype: x!.dtype,
      };
    },
    grad: (dy, [x, indices], _, { axis }) => [
      scatterAdd(dy, indices!, { axis, size: x!.shape[axis]! }),
      null,
    ],
    reference: ([x, indices], { axis }, { shape }) => {
      const inner = sizeOf(x!.shape.slice(axis + 1));
      const out = new Float64Array(sizeOf(shape));
      for (let outer = 0; outer < sizeOf(x!.shape.slice(0, axis)); outer++) {
        indices!.data.forEach((index, i) => {
          const source = (outer * x!.shape[axis]! + index) * inner;
          out.set(x!.data.subarray(source, source + inner), (outer * indices!.data.length + i) * inner);
        });
      }
      return out;
    },
    samples: [
      {
        inputs: [{ shape: [5, 3] }, { shape: [4], dtype: 'int32', values: [4, 0, 0, 2] }],
        attributes: { axis: 0 },
      },
      {
        inputs: [{ shape: [2, 4, 2] }, { shape: [3], dtype: 'int32', values: [1, 3, 1] }],
        attributes: { axis: 1 },
      },
    ],
  },
);

/** Elements of `axis` (default 0) picked by int32 `indices`, which must lie inside the axis. */
export function gather(x: Tensor, indices: Tensor, { axis = 0 }: { axis?: number } = {}): Tensor {
  return gatherOperation(x, indices, { axis: normalizeAxis('gather', axis, x.shape.length, x.graph.scope) });
}

type ScatterAttributes = { readonly axis: number; readonly size: number };

/** The reverse of {@link gather}: adds each part of dy to element `indices[i]` of an axis of length `size`. */
export const scatterAdd = primitive<'scatterAdd', [dy: Tensor, indices: Tensor], ScatterAttributes>(
  'scatterAdd',
  {
    infer: ([dy, indices], { axis, size }, scope) => {
      requireType('scatterAdd', 'the indices', indices!, 'int32', scope);
      requireNumber('scatterAdd', dy!, scope);
      const after = axis + indices!.shape.length;
      if (!sameShape(dy!.shape.slice(axis, after), indices!.shape)) {
        throw new GraphError(
          'GRAPH_SHAPE',
          `scatterAdd: ${formatShape(dy!.shape)} does not hold indices ${formatShape(indices!.shape)} at axis ${axis}`,
          scope,
        );
      }
      return { shape: [...dy!.shape.slice(0, axis), size, ...dy!.shape.slice(after)], dtype: dy!.dtype };
    },
    grad: (dy, [, indices], _, { axis }) => [gather(dy, indices!, { axis }), null],
    reference: ([dy, indices], { axis, size }, { shape }) => {
      const inner = stridesOf(shape)[axis]!;
      const out = new Float64Array(sizeOf(shape));
      for (let outer = 0; outer < sizeOf(shape.slice(0, axis)); outer++) {
        indices!.data.forEach((index, i) => {
          for (let k = 0; k < inner; k++) {
            out[(outer * size + index) * inner + k]! +=
              dy!.data[(outer * indices!.data.length + i) * inner + k]!;
          }
        });
      }
      return out;
    },
    samples: [
      {
        inputs: [{ shape: [4, 3] }, { shape: [4], dtype: 'int32', values: [4, 0, 0, 2] }],
        attributes: { axis: 0, size: 5 },
      },
      {
        inputs: [{ shape: [2, 3, 2] }, { shape: [3], dtype: 'int32', values: [1, 3, 1] }],
        attributes: { axis: 1, size: 4 },
      },
    ],
  },
);

/** The operation behind {@link oneHot}. */
export const oneHotOperation = primitive<'oneHot', [indices: Tensor], { readonly classes: number }>(
  'oneHot',
  {
    infer: ([indices], { classes }, scope) => ({
      shape: [...requireType('oneHot', 'the indices', indices!, 'int32', scope).shape, classes],
      dtype: 'float32',
    }),
    reference: ([indices], { classes }) => {
      const out = new Float64Array(indices!.data.length * classes);
      indices!.data.forEach((index, i) => {
        if (index >= 0 && index < classes) out[i * classes + index] = 1;
      });
      return out;
    },
    samples: [{ inputs: [{ shape: [4], dtype: 'int32', values: [0, 2, 1, 2] }], attributes: { classes: 3 } }],
  },
);

/** Class indices [N] (int32) as float32 rows [N, classes] with a single 1. */
export const oneHot = (indices: Tensor, classes: number): Tensor => oneHotOperation(indices, { classes });
