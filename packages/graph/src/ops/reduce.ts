import { forEachOffset, normalizeAxis, stridesOf } from '../broadcast.js';
import { type DType, type Shape, sizeOf } from '../dtype.js';
import { type PrimitiveDeclaration, primitive, type ReferenceValue, type TensorType } from '../operation.js';
import type { Sample } from '../samples.js';
import type { Tensor } from '../tensor.js';
import { div, mul } from './binary.js';
import { cast } from './cast.js';
import { equal } from './compare.js';
import { requireNumber } from './reference.js';
import { broadcastTo, reshape } from './shape.js';

/** Axes to reduce (sorted, non-negative) and whether they stay as 1. */
export type ReduceAttributes = { readonly axes: readonly number[]; readonly keepDims: boolean };

/** How reductions are called: one axis, several, or all when left out; negative axes count from the end. */
export interface ReduceOptions {
  readonly axis?: number | readonly number[];
  /** Keep the reduced axes with size 1. Default false. */
  readonly keepDims?: boolean;
}

/** The shape with `axes` set to 1. */
export function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
}

function inferReduce(x: TensorType, { axes, keepDims }: ReduceAttributes): Shape {
  return keepDims ? keptShape(x.shape, axes) : x.shape.filter((_, axis) => !axes.includes(axis));
}

function reduceReference(initial: number, combine: (total: number, x: number) => number) {
  return ([x]: readonly ReferenceValue[], { axes }: ReduceAttributes): Float64Array => {
    const kept = keptShape(x!.shape, axes);
    const out = new Float64Array(sizeOf(kept)).fill(initial);
    const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
    forEachOffset(x!.shape, strides, (position, offset) => {
      out[offset] = combine(out[offset]!, x!.data[position]!);
    });
    return out;
  };
}

const samples: readonly Sample<ReduceAttributes>[] = [
  { inputs: [{ shape: [2, 3, 4] }], attributes: { axes: [0, 1, 2], keepDims: false } },
  { inputs: [{ shape: [2, 3, 4, 4] }], attributes: { axes: [0, 2, 3], keepDims: true } },
  { inputs: [{ shape: [3, 5] }], attributes: { axes: [1], keepDims: false } },
  { inputs: [{ shape: [3, 5] }], attributes: { axes: [0], keepDims: true } },
];

const declaration = (
  name: string,
  initial: number,
  combine: (total: number, x: number) => number,
  grad: PrimitiveDeclaration<ReduceAttributes>['grad'],
): PrimitiveDeclaration<ReduceAttributes> => ({
  infer: ([x], attributes, scope) => ({
    shape: inferReduce(x!, attributes),
    dtype: requireNumber(name, x!, scope).dtype,
  }),
  grad,
  reference: reduceReference(initial, combine),
  samples,
});

/** The operation behind {@link sum}. */
export const sumOperation = primitive<'sum', [x: Tensor], ReduceAttributes>(
  'sum',
  declaration(
    'sum',
    0,
    (total, x) => total + x,
    (dy, [x], _, { axes }) => [broadcastTo(reshape(dy, keptShape(x!.shape, axes)), x!.shape)],
  ),
);

/** The operation behind {@link reduceMax}. */
export const reduceMaxOperation = primitive<'reduceMax', [x: Tensor], ReduceAttributes>(
  'reduceMax',
  declaration('reduceMax', Number.NEGATIVE_INFINITY, Math.max, (dy, [x], y, { axes }) => {
    // ties share the gradient evenly, as torch.amax does
    const kept = keptShape(x!.shape, axes);
    const hits = cast(equal(x!, reshape(y, kept)), x!.dtype);
    return [mul(hits, div(reshape(dy, kept), sum(hits, { axis: axes, keepDims: true })))];
  }),
);

/** Index of the largest element along one axis (the first of several equal ones; of NaN, where there is one), as int32. */
export const argMaxOperation = primitive<'argMax', [x: Tensor], { readonly axis: number }>('argMax', {
  infer: ([x], { axis }, scope) => ({
    shape: requireNumber('argMax', x!, scope).shape.filter((_, i) => i !== axis),
    dtype: 'int32' as DType,
  }),
  reference: ([x], { axis }) => {
    const kept = keptShape(x!.shape, [axis]);
    const best = new Float64Array(sizeOf(kept)).fill(Number.NEGATIVE_INFINITY);
    const at = new Float64Array(best.length);
    const strides = stridesOf(kept).map((stride, i) => (i === axis ? 0 : stride));
    const step = stridesOf(x!.shape)[axis]!;
    forEachOffset(x!.shape, strides, (position, offset) => {
      const [value, most] = [x!.data[position]!, best[offset]!];
      if (value <= most || Number.isNaN(most)) return;
      best[offset] = value;
      at[offset] = Math.floor(position / step) % x!.shape[axis]!;
    });
    return at;
  },
  samples: [
    { inputs: [{ shape: [4, 10] }], attributes: { axis: 1 } },
    { inputs: [{ shape: [3, 4, 2] }], attributes: { axis: 0 } },
  ],
});

const axesOf = (name: string, x: Tensor, axis: ReduceOptions['axis']): readonly number[] => {
  if (axis === undefined) return x.shape.map((_, i) => i);
  const axes = (typeof axis === 'number' ? [axis] : axis).map((a) =>
    normalizeAxis(name, a, x.shape.length, x.graph.scope),
  );
  return [...new Set(axes)].sort((a, b) => a - b);
};

/** Sum over the given axes, or over all of them. */
export function sum(x: Tensor, { axis, keepDims = false }: ReduceOptions = {}): Tensor {
  const axes = axesOf('sum', x, axis);
  return axes.length === 0 ? x : sumOperation(x, { axes, keepDims });
}

/** Largest element over the given axes, or over all of them. */
export function reduceMax(x: Tensor, { axis, keepDims = false }: ReduceOptions = {}): Tensor {
  const axes = axesOf('reduceMax', x, axis);
  return axes.length === 0 ? x : reduceMaxOperation(x, { axes, keepDims });
}

/** Arithmetic mean over the given axes, or over all of them. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const count = axesOf('mean', x, options.axis).reduce((n, axis) => n * x.shape[axis]!, 1);
  return mul(sum(x, options), 1 / count);
}

/** Index of the largest element along `axis` (default: the last), int32, without that axis. */
export function argMax(x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor {
  return argMaxOperation(x, { axis: normalizeAxis('argMax', axis, x.shape.length, x.graph.scope) });
}
