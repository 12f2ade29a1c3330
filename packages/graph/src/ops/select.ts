import { broadcastShapes } from '../broadcast.js';
import { type Primitive, primitive } from '../operation.js';
import type { Operand, Tensor } from '../tensor.js';
import { inferBinary } from './binary.js';
import { broadcasting, requireType } from './reference.js';

const select = primitive<'where', [condition: Tensor, a: Tensor, b: Tensor]>('where', {
  infer: ([condition, a, b], _, scope) => {
    requireType('where', 'the condition', condition!, 'bool', scope);
    const values = inferBinary('where', [a!, b!], scope);
    return { shape: broadcastShapes('where', condition!.shape, values.shape, scope), dtype: values.dtype };
  },
  grad: (dy, [condition]) => [null, where(condition!, dy, 0), where(condition!, 0, dy)],
  reference: broadcasting((condition, a, b) => (condition !== 0 ? a! : b!)),
  samples: [
    {
      inputs: [
        { shape: [2, 3], dtype: 'bool', values: [1, 0, 1, 0, 0, 1] },
        { shape: [2, 3] },
        { shape: [2, 3] },
      ],
    },
    { inputs: [{ shape: [3], dtype: 'bool', values: [1, 0, 1] }, { shape: [2, 3] }, { shape: [] }] },
    { inputs: [{ shape: [2, 1], dtype: 'bool', values: [0, 1] }, { shape: [] }, { shape: [3] }] },
  ],
});

/** The operation behind {@link where}. */
export const whereOperation: Primitive<'where', [Tensor, Tensor, Tensor], Record<never, never>> = select;

/** `a` where the condition holds, else `b`, broadcast together. A number takes the element type of the other value. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const sibling = typeof a === 'object' ? a : typeof b === 'object' ? b : undefined;
  const lift = (value: Operand) =>
    typeof value === 'object' ? value : condition.graph.scalar(value, sibling?.dtype ?? 'float32');
  return select(condition, lift(a), lift(b));
}
