import { broadcastStrides, forEachOffset } from '../broadcast.js';
import { allocate, type DType, formatShape, isFloat, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import type { ReferenceValue, TensorType } from '../operation.js';

/** Reference of an elementwise function of one tensor. */
export const elementwise =
  (f: (x: number) => number) =>
  ([x]: readonly ReferenceValue[]): Float64Array =>
    x!.data.map(f);

/** Reference of an elementwise function of broadcast tensors. */
export const broadcasting =
  (f: (...values: number[]) => number) =>
  (inputs: readonly ReferenceValue[], _: unknown, result: TensorType): Float64Array => {
    const size = sizeOf(result.shape);
    const columns = inputs.map(({ shape, data }) => {
      if (data.length === size) return data;
      const column = new Float64Array(size);
      forEachOffset(result.shape, broadcastStrides(shape, result.shape), (position, offset) => {
        column[position] = data[offset]!;
      });
      return column;
    });
    const [a, b, c] = columns;
    const out = new Float64Array(size);
    if (c !== undefined) for (let i = 0; i < size; i++) out[i] = f(a![i]!, b![i]!, c[i]!);
    else for (let i = 0; i < size; i++) out[i] = f(a![i]!, b![i]!);
    return out;
  };

/** Refuses element types an operation has no meaning for. */
export function requireFloat(operation: string, type: TensorType, scope: string): TensorType {
  if (isFloat(type.dtype)) return type;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${operation} works on floating-point tensors, not ${type.dtype} ${formatShape(type.shape)}`,
    scope,
  );
}

/** Refuses truth values where numbers are meant. */
export function requireNumber(operation: string, type: TensorType, scope: string): TensorType {
  if (type.dtype !== 'bool') return type;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${operation} works on numbers, not bool ${formatShape(type.shape)}; cast it first`,
    scope,
  );
}

/** Refuses a number that an element type cannot hold: it would silently become another one. */
export function requireHeld(
  operation: string,
  value: number,
  { dtype, shape }: TensorType,
  scope: string,
): void {
  if (
    isFloat(dtype) ||
    (dtype === 'bool' ? value === 0 || value === 1 : allocate(dtype, 1).fill(value)[0] === value)
  )
    return;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${operation}: ${value} is no ${dtype}, which ${formatShape(shape)} holds`,
    scope,
  );
}

/** Refuses every element type but one. */
export function requireType(
  operation: string,
  what: string,
  type: TensorType,
  dtype: DType,
  scope: string,
): TensorType {
  if (type.dtype === dtype) return type;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${operation}: ${what} must be ${dtype}, not ${type.dtype} ${formatShape(type.shape)}`,
    scope,
  );
}

/** Refuses a tensor of another rank. */
export function requireRank(
  operation: string,
  what: string,
  type: TensorType,
  rank: number,
  scope: string,
): void {
  if (type.shape.length === rank) return;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${operation}: ${what} must have ${rank} dimensions, not shape ${formatShape(type.shape)}`,
    scope,
  );
}
