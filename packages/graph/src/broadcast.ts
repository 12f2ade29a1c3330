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

/** Calls `visit(position, offset)` for every index of `shape` in row-major order, `offset` following `strides`. */
export function forEachOffset(
  shape: Shape,
  strides: readonly number[],
  visit: (position: number, offset: number) => void,
): void {
  const rank = shape.length;
  const index = new Array<number>(rank).fill(0);
  let size = 1;
  for (const dimension of shape) size *= dimension;
  let offset = 0;
  for (let position = 0; position < size; position++) {
    visit(position, offset);
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis]!++;
      offset += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      offset -= strides[axis]! * shape[axis]!;
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
