import { broadcastShapes, broadcastStrides, forEachOffset, stridesOf } from '../broadcast.js';
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
  if (shape.includes(-1) && sizeOf(x.shape) % known !== 0) {
    throw new GraphError(
      'GRAPH_SHAPE',
      `reshape: the ${sizeOf(x.shape)} elements of ${formatShape(x.shape)} do not divide evenly into ${formatShape(shape)}`,
      x.graph.scope,
    );
  }
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
