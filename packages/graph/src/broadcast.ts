import { formatShape, type Shape } from './dtype.js';
import { GraphError } from './errors.js';

/** The shape two operands broadcast to, by NumPy's rule: aligned at the last axis, 1 stretches. */
export function broadcastShapes(operation: string, a: Shape, b: Shape, scope: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `${operation}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast (${left} against ${right})`,
        scope,
      );
    }
    return left === 1 ? right : left;
  });
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Strides that read `from` as if it had the broadcast shape `to`: 0 along stretched axes. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from);
  const offset = to.length - from.length;
  return to.map((_, axis) => (axis < offset || from[axis - offset] === 1 ? 0 : strides[axis - offset]!));
}

/** Neighbouring axes that are walked as one are joined, axes of size 1 left out. */
function joinedAxes(shape: Shape, strides: readonly number[]): { sizes: number[]; steps: number[] } {
  const sizes: number[] = [];
  const steps: number[] = [];
  for (const [axis, size] of shape.entries()) {
    const step = strides[axis]!;
    if (size === 1) continue;
    if (steps.at(-1) === step * size) {
      sizes.push(sizes.pop()! * size);
      steps.splice(-1, 1, step);
    } else {
      sizes.push(size);
      steps.push(step);
    }
  }
  return { sizes, steps };
}

/** Calls `visit(position, offset)` for every index of `shape` in row-major order, `offset` following `strides`. */
export function forEachOffset(
  shape: Shape,
  strides: readonly number[],
  visit: (position: number, offset: number) => void,
): void {
  const { sizes, steps } = joinedAxes(shape, strides);
  const [count, step] = [sizes.pop() ?? 1, steps.pop() ?? 0];
  const rows = sizes.reduce((product, size) => product * size, 1);
  const index = sizes.map(() => 0);
  let position = 0;
  let start = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < count; i++) visit(position++, start + i * step);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      start += steps[axis]!;
      if (index[axis]! < sizes[axis]!) break;
      start -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
}

/** A non-negative axis; negative ones count from the end. */
export function normalizeAxis(operation: string, axis: number, rank: number, scope: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new GraphError('GRAPH_SHAPE', `${operation}: a tensor of rank ${rank} has no axis ${axis}`, scope);
  }
  return normal;
}
