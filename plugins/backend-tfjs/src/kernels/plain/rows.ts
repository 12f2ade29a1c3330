/** A way through memory: where it begins, and how far it goes along each axis. */
export interface Way {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A row of elements along two ways: where it begins on each, and the steps. */
export type Row = (
  first: number,
  second: number,
  size: number,
  firstStep: number,
  secondStep: number,
) => void;

interface Axis {
  readonly size: number;
  readonly first: number;
  readonly second: number;
}

/** Neighbouring axes as one where both ways go through them as through one. */
function merged(sizes: readonly number[], first: Way, second: Way): Axis[] {
  const axes: Axis[] = [];
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const axis = { size, first: first.strides[i]!, second: second.strides[i]! };
    const last = axes.at(-1);
    const isOne = last?.first === axis.first * size && last.second === axis.second * size;
    if (isOne) axes[axes.length - 1] = { ...axis, size: last.size * size };
    else axes.push(axis);
  });
  return axes;
}

/** Goes two ways at once, row by row in the order of the axes; rows are as long as they can be. */
export function eachRow(sizes: readonly number[], first: Way, second: Way, row: Row): void {
  const axes = merged(sizes, first, second);
  const inner = axes.pop() ?? { size: 1, first: 0, second: 0 };
  const rows = axes.reduce((count, { size }) => count * size, 1);
  const at = new Int32Array(axes.length);
  let [i, j] = [first.offset, second.offset];
  for (let n = 0; n < rows; n++) {
    row(i, j, inner.size, inner.first, inner.second);
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { size, first: down, second: across } = axes[axis]!;
      i += down;
      j += across;
      if (++at[axis]! < size) break;
      at[axis] = 0;
      i -= down * size;
      j -= across * size;
    }
  }
}
