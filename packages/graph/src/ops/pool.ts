import { formatShape, sameShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { type Gradients, primitive, type TensorType } from '../operation.js';
import type { Sample } from '../samples.js';
import type { Tensor } from '../tensor.js';
import { type Padding, type Pair, paddingOf, pair } from './conv2d.js';
import { requireFloat, requireRank } from './reference.js';

/** Attributes of a pooling node: kernel, strides and paddings. */
export type PoolAttributes = {
  readonly kernel: Pair;
  readonly strides: Pair;
  /** Padding never counts: neither as a maximum nor in an average's denominator. */
  readonly padding: Padding;
};

function inferPool(
  name: string,
  x: TensorType,
  { kernel, strides, padding }: PoolAttributes,
  scope: string,
): TensorType {
  requireRank(name, 'the input', x, 4, scope);
  requireFloat(name, x, scope);
  const along = (axis: 0 | 1) =>
    Math.floor((x.shape[axis + 2]! + padding[axis] + padding[axis + 2]! - kernel[axis]) / strides[axis]) + 1;
  const [h, w] = [along(0), along(1)];
  if (h < 1 || w < 1 || padding.some((p, side) => p >= kernel[side % 2]!)) {
    throw new GraphError(
      'GRAPH_SHAPE',
      `${name}: a ${kernel.join('x')} window with padding [${padding.join(', ')}] does not fit ${formatShape(x.shape)}`,
      scope,
    );
  }
  return { shape: [x.shape[0]!, x.shape[1]!, h, w], dtype: x.dtype };
}

/** The type of a pool's input, once its gradient `dy` is known to have the shape of its result. */
function requirePooled(name: string, dy: TensorType, pooled: TensorType, x: TensorType, scope: string) {
  if (sameShape(dy.shape, pooled.shape) && dy.dtype === pooled.dtype) return x;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${name}: the pool of ${formatShape(x.shape)} is ${pooled.dtype} ${formatShape(pooled.shape)}, its gradient ${dy.dtype} ${formatShape(dy.shape)}`,
    scope,
  );
}

/** Elements of one axis of the map, `size` long, that lie inside each of its `outputs` windows: what an average divides by. */
export function windowCounts(
  axis: 0 | 1,
  outputs: number,
  size: number,
  { kernel, strides, padding }: PoolAttributes,
): number[] {
  return Array.from({ length: outputs }, (_, i) => {
    const start = i * strides[axis] - padding[axis];
    return Math.min(start + kernel[axis], size) - Math.max(start, 0);
  });
}

/** Calls `visit` with every window's output position and the input positions inside it. */
function forEachWindow(
  x: readonly number[],
  y: readonly number[],
  { kernel, strides, padding }: PoolAttributes,
  visit: (output: number, inside: readonly number[]) => void,
): void {
  const [h, w] = [x[2]!, x[3]!];
  const [oh, ow] = [y[2]!, y[3]!];
  for (let plane = 0; plane < y[0]! * y[1]!; plane++) {
    for (let row = 0; row < oh; row++) {
      for (let column = 0; column < ow; column++) {
        const inside: number[] = [];
        for (let i = 0; i < kernel[0]; i++) {
          for (let j = 0; j < kernel[1]; j++) {
            const r = row * strides[0] + i - padding[0];
            const c = column * strides[1] + j - padding[1];
            if (r >= 0 && r < h && c >= 0 && c < w) inside.push((plane * h + r) * w + c);
          }
        }
        visit((plane * oh + row) * ow + column, inside);
      }
    }
  }
}

// shuffled whole numbers: no two equal, so that the maximum is clear of ties in the gradient check
const distinct = (size: number) => Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 50 - 1);

const samples: readonly Sample<PoolAttributes>[] = [
  {
    inputs: [{ shape: [1, 2, 4, 6], values: distinct(48) }],
    attributes: { kernel: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0] },
  },
  {
    inputs: [{ shape: [1, 2, 5, 5], values: distinct(50) }],
    attributes: { kernel: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] },
  },
];

/** The operation behind {@link maxPool}. */
export const maxPoolOperation = primitive<'maxPool', [x: Tensor], PoolAttributes>('maxPool', {
  infer: ([x], attributes, scope) => inferPool('maxPool', x!, attributes, scope),
  grad: (dy, [x], _, attributes): Gradients => [maxPoolGradient(dy, x!, attributes)],
  reference: ([x], attributes, { shape }) => {
    const out = new Float64Array(sizeOf(shape));
    forEachWindow(x!.shape, shape, attributes, (output, inside) => {
      out[output] = inside.reduce((best, at) => Math.max(best, x!.data[at]!), Number.NEGATIVE_INFINITY);
    });
    return out;
  },
  samples,
});

/** Sends dy [N, C, oH, oW] to the first largest element of each window of x [N, C, H, W]. */
export const maxPoolGradient = primitive<'maxPoolGradient', [dy: Tensor, x: Tensor], PoolAttributes>(
  'maxPoolGradient',
  {
    infer: ([dy, x], attributes, scope) =>
      requirePooled('maxPoolGradient', dy!, inferPool('maxPoolGradient', x!, attributes, scope), x!, scope),
    reference: ([dy, x], attributes) => {
      const out = new Float64Array(x!.data.length);
      forEachWindow(x!.shape, dy!.shape, attributes, (output, inside) => {
        let best = inside[0]!;
        for (const at of inside) if (x!.data[at]! > x!.data[best]!) best = at;
        out[best]! += dy!.data[output]!;
      });
      return out;
    },
    samples: [
      {
        inputs: [
          { shape: [1, 2, 2, 3], differentiable: false },
          { shape: [1, 2, 4, 6], values: distinct(48), differentiable: false },
        ],
        attributes: { kernel: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0] },
      },
      {
        inputs: [
          { shape: [1, 2, 3, 3], differentiable: false },
          { shape: [1, 2, 5, 5], values: distinct(50), differentiable: false },
        ],
        attributes: { kernel: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] },
      },
    ],
  },
);

/** The operation behind {@link avgPool}. */
export const avgPoolOperation = primitive<'avgPool', [x: Tensor], PoolAttributes>('avgPool', {
  infer: ([x], attributes, scope) => inferPool('avgPool', x!, attributes, scope),
  grad: (dy, [x], _, attributes): Gradients => [
    avgPoolGradient(dy, { ...attributes, size: [x!.shape[2]!, x!.shape[3]!] }),
  ],
  reference: ([x], attributes, { shape }) => {
    const out = new Float64Array(sizeOf(shape));
    forEachWindow(x!.shape, shape, attributes, (output, inside) => {
      out[output] = inside.reduce((total, at) => total + x!.data[at]!, 0) / inside.length;
    });
    return out;
  },
  samples,
});

/** Spreads dy [N, C, oH, oW] evenly over each window: [N, C, H, W] with `size` = [H, W]. */
export const avgPoolGradient = primitive<
  'avgPoolGradient',
  [dy: Tensor],
  PoolAttributes & { readonly size: Pair }
>('avgPoolGradient', {
  infer: ([dy], attributes, scope) => {
    requireRank('avgPoolGradient', 'the gradient', dy!, 4, scope);
    const x = { shape: [dy!.shape[0]!, dy!.shape[1]!, ...attributes.size], dtype: dy!.dtype };
    return requirePooled(
      'avgPoolGradient',
      dy!,
      inferPool('avgPoolGradient', x, attributes, scope),
      x,
      scope,
    );
  },
  grad: (dy, _, __, { kernel, strides, padding }): Gradients => [
    avgPoolOperation(dy, { kernel, strides, padding }),
  ],
  reference: ([dy], attributes, { shape }) => {
    const out = new Float64Array(sizeOf(shape));
    forEachWindow(shape, dy!.shape, attributes, (output, inside) => {
      for (const at of inside) out[at]! += dy!.data[output]! / inside.length;
    });
    return out;
  },
  samples: [
    {
      inputs: [{ shape: [1, 2, 2, 3] }],
      attributes: { kernel: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0], size: [4, 6] },
    },
    {
      inputs: [{ shape: [1, 2, 3, 3] }],
      attributes: { kernel: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1], size: [5, 5] },
    },
  ],
});

/** How pools are called; a number stands for height and width. */
export interface PoolOptions {
  readonly kernel: number | Pair;
  /** Default: the kernel. */
  readonly stride?: number | Pair;
  /** Default 0. */
  readonly padding?: number | Pair | Padding;
}

const attributesOf = ({ kernel, stride = kernel, padding = 0 }: PoolOptions): PoolAttributes => ({
  kernel: pair(kernel),
  strides: pair(stride),
  padding: paddingOf(padding),
});

/** Largest element of each window of x [N, C, H, W]. */
export const maxPool = (x: Tensor, options: PoolOptions): Tensor =>
  maxPoolOperation(x, attributesOf(options));

/** Mean of each window of x [N, C, H, W]; padding does not count. */
export const avgPool = (x: Tensor, options: PoolOptions): Tensor =>
  avgPoolOperation(x, attributesOf(options));
