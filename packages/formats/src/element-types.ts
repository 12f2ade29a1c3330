import { formatShape } from '@limbeck/graph';
import { FormatError } from './errors.js';

/** Storage of each element type. `float16` and `bfloat16` are their 16 bits, `bool` is one byte, 0 or 1. */
export interface ElementArrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint64: BigUint64Array;
  uint32: Uint32Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** Element types that files hold: those of the graph and more. */
export type ElementType = keyof ElementArrays;

/** Any of the arrays in {@link ElementArrays}. */
export type ElementArray = ElementArrays[ElementType];

interface ElementArrayConstructor {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): ElementArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ElementArray;
}

export const elementArrays: Readonly<Record<ElementType, ElementArrayConstructor>> = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Bytes that an element takes. */
export const elementBytes = (type: ElementType): number => elementArrays[type].BYTES_PER_ELEMENT;

/**
 * Little-endian `bytes` as elements: a view where their address allows it, one copy where not. The length must be a
 * whole number of elements. All platforms that Node and the browsers run on in practice are little-endian.
 */
export function viewElements<T extends ElementType>(type: T, bytes: Uint8Array): ElementArrays[T] {
  const width = elementBytes(type);
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  const length = aligned.byteLength / width;
  return new elementArrays[type](aligned.buffer, aligned.byteOffset, length) as ElementArrays[T];
}

/** The bytes of an array, not copied. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Bytes that `elements` of this shape take, or `undefined` where a dimension is not a count or the product leaves the
 * exact integers. Nothing is allocated.
 */
export function byteSize(shape: readonly unknown[], bytesPerElement: number): number | undefined {
  let bytes = bytesPerElement;
  for (const dimension of shape) {
    if (!isCount(dimension)) return undefined;
    bytes *= dimension;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

/** Axes of a tensor, at most: NumPy and PyTorch allow as many. */
export const mostAxes = 64;

/** True for 0, 1, 2, ... as far as doubles are exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0) && (value as number) >= 0;
}

/** True when every byte is 0 or 1, as a `bool` tensor's must be. */
export function isBoolean(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte <= 1);
}

/** Refuses a tensor whose data and declaration differ, before it is written. */
export function checkTensor(
  name: string,
  tensor: { readonly dtype: ElementType; readonly shape: readonly number[]; readonly data: ElementArray },
): void {
  const { dtype, shape, data } = tensor;
  const fail: (what: string) => never = (what) => {
    throw new FormatError('BAD_DATA', `tensor '${name}' ${what}`, { details: { name, dtype, shape } });
  };
  if (!Object.hasOwn(elementArrays, dtype)) fail(`has the unknown element type '${dtype}'`);
  const arrayType = elementArrays[dtype];
  const arrayName = data[Symbol.toStringTag];
  if (arrayName !== arrayType.name) {
    fail(`is declared ${dtype}, which is kept in a ${arrayType.name}, not in a ${arrayName}`);
  }
  const size = byteSize(shape, elementBytes(dtype));
  if (size !== data.byteLength) {
    fail(`has shape ${formatShape(shape)}, which its ${data.length} elements do not fill exactly`);
  }
  if (dtype === 'bool' && !isBoolean(data as Uint8Array)) fail('is bool but holds bytes other than 0 and 1');
}
