import { broadcastShapes, broadcastStrides, sizeOf } from '@limbeck/graph';
import { type PlainKernel, zeros } from './plain.js';
import { eachRow } from './rows.js';

/**
 * An operation over two operands that are stretched to each other.
 *
 * @param result element type where it is not the operands'
 */
export const binary =
  (compute: (a: number, b: number) => number, result?: 'bool'): PlainKernel<'a' | 'b', unknown> =>
  ({ a, b }) => {
    const shape = broadcastShapes('broadcast', a.shape, b.shape, '');
    const dtype = result ?? a.dtype;
    const values = zeros(dtype, sizeOf(shape));
    const [left, right] = [a.values, b.values];
    let at = 0;
    eachRow(
      shape,
      { offset: 0, strides: broadcastStrides(a.shape, shape) },
      { offset: 0, strides: broadcastStrides(b.shape, shape) },
      (first, second, size, firstStep, secondStep) => {
        const end = at + size;
        for (let i = first, j = second; at < end; at++, i += firstStep, j += secondStep)
          values[at] = compute(left[i]!, right[j]!);
      },
    );
    return { shape, dtype, values };
  };

/** An operation over one element at a time. */
export const unary =
  (compute: (x: number) => number): PlainKernel<'x', unknown> =>
  ({ x: { shape, dtype, values } }) => ({ shape, dtype, values: values.map(compute) });
