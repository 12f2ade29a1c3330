import { formatShape } from '../dtype.js';
import { GraphError } from '../errors.js';
import { composite } from '../operation.js';
import { mul } from '../ops/binary.js';
import { matmul } from '../ops/matmul.js';
import type { Tensor } from '../tensor.js';
import { softmax } from './softmax.js';

/**
 * Scaled dot-product attention: query [..., T, D], key [..., S, D], value [..., S, E] -> [..., T, E]. Every query takes the
 * mean of the values, weighted by softmax(query . key / sqrt(D)). Vaswani et al., 2017, section 3.2.1.
 */
export const scaledDotProductAttention = composite<
  'scaledDotProductAttention',
  [query: Tensor, key: Tensor, value: Tensor]
>(
  'scaledDotProductAttention',
  (query, key, value) => {
    const shapes = [query, key, value].map(({ shape }) => formatShape(shape)).join(', ');
    if (key.shape.at(-2) !== value.shape.at(-2)) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `scaledDotProductAttention needs a value for every key, not ${shapes}`,
        query.graph.scope,
      );
    }
    // the smaller operand is scaled: T x D numbers, not T x S
    const scaled = mul(query, 1 / Math.sqrt(query.shape.at(-1)!));
    return matmul(softmax(matmul(scaled, key, { transposeB: true })), value);
  },
  {
    samples: [
      { inputs: [{ shape: [3, 4] }, { shape: [5, 4] }, { shape: [5, 2] }] },
      {
        inputs: [
          { shape: [2, 2, 3, 4], from: -3, to: 3 },
          { shape: [2, 2, 3, 4], from: -3, to: 3 },
          { shape: [2, 2, 3, 4] },
        ],
      },
    ],
  },
);
