import { forEachOffset, normalizeAxis, stridesOf } from '../broadcast.js';
import { formatShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { primitive } from '../operation.js';
import type { Tensor } from '../tensor.js';
import { requireHeld } from './reference.js';
import { reshape } from './shape.js';

type SliceAttributes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

/** The operation behind {@link slice}: one start, end (exclusive) and positive step for every axis. */
export const sliceOperation = primitive<'slice', [x: Tensor], SliceAttributes>('slice', {
  infer: ([x], { starts, ends, steps }, scope) => {
    const shape = x!.shape.map((dimension, axis) => {
      const [start, end, step] = [starts[axis]!, ends[axis]!, steps[axis]!];
      if (!(start >= 0 && start < end && end <= dimension && step >= 1)) {
        throw new GraphError(
          'GRAPH_SHAPE',
          `slice: ${start}:${end}:${step} does not lie inside axis ${axis} of ${formatShape(x!.shape)}`,
          scope,
        );
      }
      return Math.ceil((end - start) / step);
    });
    return { shape, dtype: x!.dtype };
  },
  grad: (dy, [x], _, { starts, steps }) => {
    const spread = dy.shape.map((n, axis) => (n - 1) * steps[axis]! + 1);
    const after = x!.shape.map((n, axis) => n - starts[axis]! - spread[axis]!);
    return [pad(dilate(dy, steps), { before: starts, after })];
  },
  reference: ([x], { starts, steps }, { shape }) => {
    const strides = stridesOf(x!.shape);
    const first = starts.reduce((offset, start, axis) => offset + start * strides[axis]!, 0);
    const out = new Float64Array(sizeOf(shape));
    forEachOffset(
      shape,
      strides.map((stride, axis) => stride * steps[axis]!),
      (position, offset) => {
        out[position] = x!.data[first + offset]!;
      },
    );
    return out;
  },
  samples: [
    { inputs: [{ shape: [4, 5] }], attributes: { starts: [1, 0], ends: [3, 5], steps: [1, 1] } },
    { inputs: [{ shape: [2, 7, 6] }], attributes: { starts: [0, 1, 0], ends: [2, 7, 6], steps: [1, 2, 3] } },
  ],
});

/** Zeros between neighbours: element i of an axis goes to i * step. */
function dilate(x: Tensor, steps: readonly number[]): Tensor {
  return steps.reduce((y, step, axis) => {
    if (step === 1) return y;
    const apart = reshape(y, [...y.shape.slice(0, axis + 1), 1, ...y.shape.slice(axis + 1)]);
    const none = apart.shape.map(() => 0);
    const padded = pad(apart, { before: none, after: none.map((_, i) => (i === axis + 1 ? step - 1 : 0)) });
    const merged = reshape(
      padded,
      y.shape.map((n, i) => (i === axis ? n * step : n)),
    );
    return slice(merged, { axis, start: 0, end: (y.shape[axis]! - 1) * step + 1 });
  }, x);
}

/** Part of one axis: [start, end) with a step; negative bounds count from the end. Default: to the end, step 1. */
export function slice(
  x: Tensor,
  { axis, start = 0, end, step = 1 }: { axis: number; start?: number; end?: number; step?: number },
): Tensor {
  const at = normalizeAxis('slice', axis, x.shape.length, x.graph.scope);
  const size = x.shape[at]!;
  const bound = (value: number) => (value < 0 ? value + size : value);
  const last = bound(end ?? size);
  if (bound(start) === 0 && last === size && step === 1) return x;
  return sliceOperation(x, {
    starts: x.shape.map((_, i) => (i === at ? bound(start) : 0)),
    ends: x.shape.map((n, i) => (i === at ? last : n)),
    steps: x.shape.map((_, i) => (i === at ? step : 1)),
  });
}

type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

/** The operation behind {@link pad}. */
export const padOperation = primitive<'pad', [x: Tensor], PadAttributes>('pad', {
  infer: ([x], { before, after, value }, scope) => {
    requireHeld('pad', value, x!, scope);
    if (
      before.length !== x!.shape.length ||
      after.length !== x!.shape.length ||
      [...before, ...after].some((n) => n < 0)
    ) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `pad: [${before.join(', ')}] and [${after.join(', ')}] do not fit ${formatShape(x!.shape)}`,
        scope,
      );
    }
    return { shape: x!.shape.map((n, axis) => n + before[axis]! + after[axis]!), dtype: x!.dtype };
  },
  grad: (dy, [x], _, { before }) => [
    x!.shape.reduce((g, n, axis) => slice(g, { axis, start: before[axis]!, end: before[axis]! + n }), dy),
  ],
  reference: ([x], { before, value }, { shape }) => {
    const out = new Float64Array(sizeOf(shape)).fill(value);
    const strides = stridesOf(shape);
    const first = before.reduce((offset, n, axis) => offset + n * strides[axis]!, 0);
    forEachOffset(x!.shape, strides, (position, offset) => {
      out[first + offset] = x!.data[position]!;
    });
    return out;
  },
  samples: [
    { inputs: [{ shape: [2, 3] }], attributes: { before: [0, 1], after: [2, 0], value: 0 } },
    {
      inputs: [{ shape: [1, 2, 3, 3] }],
      attributes: { before: [0, 0, 1, 1], after: [0, 0, 1, 2], value: -1 },
    },
  ],
});

/** Puts `value` (default 0) before and after every axis. */
export function pad(
  x: Tensor,
  { before, after, value = 0 }: { before: readonly number[]; after: readonly number[]; value?: number },
): Tensor {
  return [...before, ...after].every((n) => n === 0) ? x : padOperation(x, { before, after, value });
}
