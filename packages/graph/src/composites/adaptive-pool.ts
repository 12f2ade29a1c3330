import { tensorData } from '../dtype.js';
import { composite } from '../operation.js';
import { cast } from '../ops/cast.js';
import type { Pair } from '../ops/conv2d.js';
import { matmul } from '../ops/matmul.js';
import { avgPool } from '../ops/pool.js';
import { requireRank } from '../ops/reference.js';
import type { Tensor } from '../tensor.js';

/** The operation behind {@link adaptiveAvgPool}. */
export const adaptiveAvgPoolOperation = composite<
  'adaptiveAvgPool',
  [x: Tensor],
  { readonly height: number; readonly width: number }
>(
  'adaptiveAvgPool',
  (x, { height, width }) => {
    requireRank('adaptiveAvgPool', 'the input', x, 4, x.graph.scope);
    const [, , h, w] = x.shape as [number, number, number, number];
    if (h % height === 0 && w % width === 0) return avgPool(x, { kernel: [h / height, w / width] });
    const averages = (from: number, to: number) => cast(windowAverages(x, from, to), x.dtype);
    return matmul(matmul(averages(h, height), x), averages(w, width), { transposeB: true });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3, 8, 4] }], attributes: { height: 4, width: 2 } },
      { inputs: [{ shape: [2, 3, 7, 5] }], attributes: { height: 3, width: 2 } },
      { inputs: [{ shape: [1, 2, 2, 3] }], attributes: { height: 3, width: 3 } },
    ],
  },
);

/** The matrix [to, from] that averages window i = [floor(i from / to), ceil((i + 1) from / to)) of an axis. */
function windowAverages(x: Tensor, from: number, to: number): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    data.fill(1 / (end - start), i * from + start, i * from + end);
  }
  return x.graph.constant(tensorData('float32', [to, from], data));
}

/**
 * Average of windows of about equal size: x [N, C, H, W] -> [N, C, height, width], whatever the sizes, as PyTorch's
 * `adaptive_avg_pool2d` does it. Windows overlap where sizes do not divide.
 */
export function adaptiveAvgPool(x: Tensor, { size: [height, width] }: { size: Pair }): Tensor {
  if (x.shape[2] === height && x.shape[3] === width) return x;
  return adaptiveAvgPoolOperation(x, { height, width });
}

/** Two stacks of maps [N, C, H, W], each pooled to the smaller height and width of the two. */
export function matchSpatial(a: Tensor, b: Tensor): [Tensor, Tensor] {
  for (const x of [a, b]) requireRank('matchSpatial', 'each input', x, 4, x.graph.scope);
  const size: Pair = [Math.min(a.shape[2]!, b.shape[2]!), Math.min(a.shape[3]!, b.shape[3]!)];
  return [adaptiveAvgPool(a, { size }), adaptiveAvgPool(b, { size })];
}
