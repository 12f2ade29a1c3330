/** Element types a tensor can have. `bfloat16`, `int8` and `uint8` exist for lower-precision programs; the gradient works on `float32`. */
export type DType = 'float32' | 'int32' | 'bool' | 'bfloat16' | 'int8' | 'uint8';

/** Dimensions, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** Row-major storage of a host tensor. `bool` is one byte an element, 0 or 1; `bfloat16` is its 16 bits. */
export interface DTypeArrays {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
}

/** A tensor on the host: what enters and leaves a program, and what files hold. Data is row-major and dense. */
export interface TensorData<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: DTypeArrays[D];
}

/** Named host tensors, in order: a model's parameters and buffers, or a whole training state. */
export type StateDict = ReadonlyMap<string, TensorData>;

const constructors = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** True for the types a gradient can flow through. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'bfloat16';
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** A zero-filled array of the right type. */
export function allocate<D extends DType>(dtype: D, size: number): DTypeArrays[D] {
  return new constructors[dtype](size) as DTypeArrays[D];
}

/** A host tensor over `data`, or over zeros when `data` is left out. */
export function tensorData<D extends DType>(dtype: D, shape: Shape, data?: DTypeArrays[D]): TensorData<D> {
  const size = sizeOf(shape);
  const storage = data ?? allocate(dtype, size);
  if (storage.length !== size) {
    throw new RangeError(
      `a ${dtype} tensor of shape ${formatShape(shape)} holds ${size} elements, not ${storage.length}`,
    );
  }
  return { dtype, shape: [...shape], data: storage };
}

/** `[64, 3, 32, 32]`, as messages print shapes. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** True where two shapes have the same axes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}
