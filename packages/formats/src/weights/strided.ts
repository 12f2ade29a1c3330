import { sizeOf, stridesOf } from '@limbeck/graph';
import { type ElementArrays, type ElementType, elementBytes, viewElements } from '../element-types.js';

/**
 * Elements picked out of `bytes` in row-major order: element [i, j, ...] is the one at `offset + i * strides[0] + j *
 * strides[1] + ...`, counted in elements. Bits are moved as they are, NaN payloads included. All places must lie inside.
 */
export function gather<T extends ElementType>(
  dtype: T,
  bytes: Uint8Array,
  { offset, shape, strides }: { offset: number; shape: readonly number[]; strides: readonly number[] },
): ElementArrays[T] {
  const width = elementBytes(dtype);
  const size = sizeOf(shape);
  const gathered = new Uint8Array(size * width);
  // eight bytes are moved as two words: numbers would not keep them, and bigints are slow
  const words = Math.max(1, width / 4);
  const type = width === 1 ? 'uint8' : width === 2 ? 'uint16' : 'uint32';
  const from = viewElements(type, bytes);
  const to = viewElements(type, gathered);
  const index = new Array<number>(shape.length).fill(0);
  let place = offset;
  for (let i = 0; i < size; i++) {
    for (let word = 0; word < words; word++) to[words * i + word] = from[words * place + word]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      place -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return viewElements(dtype, gathered);
}

/** True where these strides visit the elements one after the other; axes of extent 1 never step. */
export function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  const dense = stridesOf(shape);
  return shape.includes(0) || shape.every((extent, axis) => extent === 1 || strides[axis] === dense[axis]);
}
