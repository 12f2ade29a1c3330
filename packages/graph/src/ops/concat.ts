import { forEachOffset, normalizeAxis, stridesOf } from '../broadcast.js';
import { formatShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { primitive } from '../operation.js';
import type { Tensor } from '../tensor.js';
import { slice } from './slice.js';

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
