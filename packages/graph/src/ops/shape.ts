import { broadcastShapes, broadcastStrides, forEachOffset, normalizeAxis, stridesOf } from '../broadcast.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { primitive } from '../operation.js';
import type { Tensor } from '../tensor.js';

/** The operation behind {@link reshape}. */
export const reshapeOperation = primitive<'reshape', [x: Tensor], { readonly shape: Shape }>('reshape', {
  infer: ([x], { shape }, scope) => {
    if (sizeOf(x!.shape) !== sizeOf(shape)) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `reshape: ${formatShape(x!.shape)} has ${sizeOf(x!.shape)} elements, ${formatShape(shape)} has ${sizeOf(shape)}`,
        scope,
      );
    }
    return { shape, dtype: x!.dtype };
  },
  grad: (dy, [x]) => [reshape(dy, x!.shape)],
  reference: ([x]) => x!.data.slice(),
  samples: [
    { inputs: [{ shape: [2, 3, 4] }], attributes: { shape: [6, 4] } },
    { inputs: [{ shape: [1] }], attributes: { shape: [] } },
  ],
});

/** The same elements in another shape. One dimension may be -1: it takes what is left. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const target = shape.map((d) => (d === -1 ? sizeOf(x.shape) / known : d));
  return sameShape(x.shape, target) ? x : reshapeOperation(x, { shape: target });
}

/** [N, ...] as [N, everything else]. */
export const flatten = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1]);

/** The operation behind {@link transpose}. */
export const transposeOperation = primitive<'transpose', [x: Tensor], { readonly order: readonly number[] }>(
  'transpose',
  {
    infer: ([x], { order }, scope) => {
      const sorted = [...order].sort((a, b) => a - b);
      if (
        !sameShape(
          sorted,
          x!.shape.map((_, i) => i),
        )
      ) {
        throw new GraphError(
          'GRAPH_SHAPE',
          `transpose: [${order.join(', ')}] is no permutation of the axes of ${formatShape(x!.shape)}`,
          scope,
        );
      }
      return { shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
    },
    grad: (dy, _, __, { order }) => [
      transpose(
        dy,
        order.map((_axis, i) => order.indexOf(i)),
      ),
    ],
    reference: ([x], { order }, { shape }) => {
      const strides = stridesOf(x!.shape);
      const out = new Float64Array(x!.data.length);
      forEachOffset(
        shape,
        order.map((axis) => strides[axis]!),
        (position, offset) => {
          out[position] = x!.data[offset]!;
        },
      );
      return out;
    },
    samples: [
      { inputs: [{ shape: [3, 4] }], attributes: { order: [1, 0] } },
      { inputs: [{ shape: [2, 3, 4, 5] }], attributes: { order: [0, 2, 3, 1] } },
    ],
  },
);

/** Axes in another order; without one, the last two change places. */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const axes = order ?? x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return axes.every((axis, i) => axis === i) ? x : transposeOperation(x, { order: axes });
}

/** The operation behind {@link broadcastTo}. */
export const broadcastToOperation = primitive<'broadcastTo', [x: Tensor], { readonly shape: Shape }>(
  'broadcastTo',
  {
    infer: ([x], { shape }, scope) => {
      if (!sameShape(broadcastShapes('broadcastTo', x!.shape, shape, scope), shape)) {
        throw new GraphError(
          'GRAPH_SHAPE',
          `broadcastTo: ${formatShape(x!.shape)} does not stretch to ${formatShape(shape)}`,
          scope,
        );
      }
      return { shape, dtype: x!.dtype };
    },
    grad: (dy) => [dy],
    reference: ([x], { shape }) => {
      const out = new Float64Array(sizeOf(shape));
      forEachOffset(shape, broadcastStrides(x!.shape, shape), (position, offset) => {
        out[position] = x!.data[offset]!;
      });
      return out;
    },
    samples: [
      { inputs: [{ shape: [3, 1] }], attributes: { shape: [2, 3, 4] } },
      { inputs: [{ shape: [] }], attributes: { shape: [2, 2] } },
    ],
  },
);

/** Stretches axes of size 1, and adds axes in front, to reach `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : broadcastToOperation(x, { shape });
}

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
  infer: ([x], { before, after }, scope) => {
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

/** The operation behind {@link concat}. */
export const concatOperation = primitive<'concat', Tensor[], { readonly axis: number }>('concat', {
  infer: (inputs, { axis }, scope) => {
    const first = inputs[0]!;
    for (const input of inputs) {
      const fits = input.dtype === first.dtype && input.shape.length === first.shape.length;
      if (!fits || input.shape.some((n, i) => i !== axis && n !== first.shape[i])) {
        throw new GraphError(
          'GRAPH_SHAPE',
          `concat along axis ${axis}: ${first.dtype} ${formatShape(first.shape)} and ${input.dtype} ${formatShape(input.shape)} differ elsewhere`,
          scope,
        );
      }
    }
    const total = inputs.reduce((n, { shape }) => n + shape[axis]!, 0);
    return { shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype };
  },
  grad: (dy, inputs, _, { axis }) => {
    let start = 0;
    return inputs.map((input) => {
      const end = start + input.shape[axis]!;
      const part = slice(dy, { axis, start, end });
      start = end;
      return part;
    });
  },
  reference: (inputs, { axis }, { shape }) => {
    const out = new Float64Array(sizeOf(shape));
    const inner = sizeOf(shape.slice(axis + 1));
    const row = shape[axis]! * inner;
    let column = 0;
    for (const input of inputs) {
      const width = input.shape[axis]! * inner;
      for (let i = 0; i * width < input.data.length; i++) {
        out.set(input.data.subarray(i * width, (i + 1) * width), i * row + column);
      }
      column += width;
    }
    return out;
  },
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }], attributes: { axis: 1 } },
    { inputs: [{ shape: [1, 2, 2] }, { shape: [3, 2, 2] }], attributes: { axis: 0 } },
  ],
});

/** Tensors one after another along an axis (default 0). */
export function concat(tensors: readonly Tensor[], { axis = 0 }: { axis?: number } = {}): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new GraphError('GRAPH_INVALID', 'concat needs at least one tensor');
  if (tensors.length === 1) return first;
  return concatOperation(...tensors, {
    axis: normalizeAxis('concat', axis, first.shape.length, first.graph.scope),
  });
}

/** The operation behind {@link reverse}. */
export const reverseOperation = primitive<'reverse', [x: Tensor], { readonly axes: readonly number[] }>(
  'reverse',
  {
    infer: ([x]) => x!,
    grad: (dy, _, __, { axes }) => [reverse(dy, { axes })],
    reference: ([x], { axes }) => {
      const strides = stridesOf(x!.shape);
      const first = axes.reduce((offset, axis) => offset + (x!.shape[axis]! - 1) * strides[axis]!, 0);
      const out = new Float64Array(x!.data.length);
      forEachOffset(
        x!.shape,
        strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
        (position, offset) => {
          out[position] = x!.data[first + offset]!;
        },
      );
      return out;
    },
    samples: [
      { inputs: [{ shape: [2, 3, 4] }], attributes: { axes: [2] } },
      { inputs: [{ shape: [2, 2, 3, 3] }], attributes: { axes: [2, 3] } },
    ],
  },
);

/** Elements along the given axes in reverse order. */
export function reverse(x: Tensor, { axes }: { axes: readonly number[] }): Tensor {
  return reverseOperation(x, {
    axes: axes
      .map((axis) => normalizeAxis('reverse', axis, x.shape.length, x.graph.scope))
      .sort((a, b) => a - b),
  });
}
