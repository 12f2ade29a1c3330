import { type Plain, type PlainKernel, stridesOf, zeros } from './plain.js';
import { eachRow } from './rows.js';

/** Strides along the axes of a result, 0 where the operand is stretched. */
function stretched({ shape }: Plain, rank: number): number[] {
  const missing = rank - shape.length;
  const own = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return [...Array<number>(missing).fill(0), ...own];
}

function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [one, other] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    return one === 1 ? other : one;
  });
}

/**
 * An operation over two operands that are stretched to each other.
 *
 * @param result element type where it is not the operands'
 */
export const binary =
  (compute: (a: number, b: number) => number, result?: 'bool'): PlainKernel<'a' | 'b', unknown> =>
  ({ a, b }) => {
    const shape = broadcastShape(a.shape, b.shape);
    const dtype = result ?? a.dtype;
    const values = zeros(
      dtype,
      shape.reduce((size, n) => size * n, 1),
    );
    const [left, right] = [a.values, b.values];
    let at = 0;
    eachRow(
      shape,
      { offset: 0, strides: stretched(a, shape.length) },
      { offset: 0, strides: stretched(b, shape.length) },
      (first, second, size, firstStep, secondStep) => {
        const end = at + size;
        for (let i = first, j = second; at < end; at++, i += firstStep, j += secondStep)
          values[at] = compute(left[i]!, right[j]!);
      },
    );
    return { shape, dtype, values };
  };
