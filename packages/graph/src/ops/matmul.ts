import { broadcastShapes, broadcastStrides, forEachOffset } from '../broadcast.js';
import { formatShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { primitive, type TensorType } from '../operation.js';
import type { Tensor } from '../tensor.js';
import { requireFloat } from './reference.js';
import { reshape } from './shape.js';

/** Attributes of a node of `matmul`: which operands are transposed. */
export type MatmulAttributes = { readonly transposeA: boolean; readonly transposeB: boolean };

/** Rows, inner size and columns of a product; leading axes broadcast. */
function dimensions(a: TensorType, b: TensorType, { transposeA, transposeB }: MatmulAttributes) {
  const [rows, innerA] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [innerB, columns] = transposeB
    ? [b.shape.at(-1)!, b.shape.at(-2)!]
    : [b.shape.at(-2)!, b.shape.at(-1)!];
  return { rows, innerA, innerB, columns };
}

/** All rows of a batch of matrices as one matrix: [..., C] -> [rows, C]. */
const rowsOf = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1)!]);

/** The operation behind {@link matmul}. */
export const matmulOperation = primitive<'matmul', [a: Tensor, b: Tensor], MatmulAttributes>('matmul', {
  infer: ([a, b], attributes, scope) => {
    const described = `${formatShape(a!.shape)}${attributes.transposeA ? ' transposed' : ''} and ${formatShape(b!.shape)}${attributes.transposeB ? ' transposed' : ''}`;
    requireFloat('matmul', a!, scope);
    if (a!.shape.length < 2 || b!.shape.length < 2 || a!.dtype !== b!.dtype) {
      throw new GraphError('GRAPH_SHAPE', `matmul needs two matrices of one type, not ${described}`, scope);
    }
    const { rows, innerA, innerB, columns } = dimensions(a!, b!, attributes);
    if (innerA !== innerB) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `matmul: inner sizes differ, ${innerA} and ${innerB}, in ${described}`,
        scope,
      );
    }
    const batch = broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2), scope);
    return { shape: [...batch, rows, columns], dtype: a!.dtype };
  },
  grad: (dy, [a, b], _, { transposeA, transposeB }) => {
    const da = transposeA
      ? matmul(b!, dy, { transposeA: transposeB, transposeB: true })
      : matmul(dy, b!, { transposeB: !transposeB });
    // one matrix for a whole batch: one product over all rows, not one for each element and a sum of them
    const [left, right] = b!.shape.length === 2 && !transposeA ? [rowsOf(a!), rowsOf(dy)] : [a!, dy];
    const db = transposeB
      ? matmul(right, left, { transposeA: true, transposeB: transposeA })
      : matmul(left, right, { transposeA: !transposeA });
    return [da, db];
  },
  reference: ([a, b], attributes, { shape }) => {
    const { rows, innerA: inner, columns } = dimensions(a!, b!, attributes);
    const batch = shape.slice(0, -2);
    const [aRow, aInner] = attributes.transposeA ? [1, rows] : [inner, 1];
    const [bInner, bColumn] = attributes.transposeB ? [1, inner] : [columns, 1];
    const out = new Float64Array(sizeOf(shape));
    const bMatrices = new Float64Array(sizeOf(batch));
    forEachOffset(batch, broadcastStrides(b!.shape.slice(0, -2), batch), (i, matrix) => {
      bMatrices[i] = matrix;
    });
    forEachOffset(batch, broadcastStrides(a!.shape.slice(0, -2), batch), (i, matrix) => {
      const aStart = matrix * rows * inner;
      const bStart = bMatrices[i]! * inner * columns;
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < inner; k++) {
          const left = a!.data[aStart + row * aRow + k * aInner]!;
          const target = (i * rows + row) * columns;
          for (let column = 0; column < columns; column++) {
            out[target + column]! += left * b!.data[bStart + k * bInner + column * bColumn]!;
          }
        }
      }
    });
    return out;
  },
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4, 5] }], attributes: { transposeA: false, transposeB: false } },
    { inputs: [{ shape: [4, 3] }, { shape: [4, 5] }], attributes: { transposeA: true, transposeB: false } },
    { inputs: [{ shape: [3, 4] }, { shape: [5, 4] }], attributes: { transposeA: false, transposeB: true } },
    { inputs: [{ shape: [4, 3] }, { shape: [5, 4] }], attributes: { transposeA: true, transposeB: true } },
    {
      inputs: [{ shape: [2, 3, 4] }, { shape: [4, 5] }],
      attributes: { transposeA: false, transposeB: false },
    },
    {
      inputs: [{ shape: [2, 3, 4] }, { shape: [5, 4] }],
      attributes: { transposeA: false, transposeB: true },
    },
    {
      inputs: [{ shape: [2, 4, 3] }, { shape: [4, 5] }],
      attributes: { transposeA: true, transposeB: false },
    },
    {
      inputs: [{ shape: [2, 1, 3, 4] }, { shape: [3, 4, 2] }],
      attributes: { transposeA: false, transposeB: false },
    },
  ],
});

/** Matrix product over the last two axes, either operand transposed on demand; leading axes broadcast. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Tensor {
  return matmulOperation(a, b, { transposeA, transposeB });
}
