import { Inflate } from 'fflate';

/**
 * Packed bytes unpacked at a time: deflate gives back at most 1,032 times as many, so that what exceeds the declared size
 * is noticed after four megabytes.
 */
const step = 4096;

/**
 * Unpacks a deflate stream to exactly `size` bytes.
 *
 * @returns `undefined` where it is damaged, or unpacks to more or less
 */
export function inflate(packed: Uint8Array, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size);
  let at = 0;
  const stream = new Inflate((part) => {
    if (part.length > size - at) throw new RangeError('more than declared');
    bytes.set(part, at);
    at += part.length;
  });
  try {
    for (let from = 0; from < packed.length; from += step) {
      stream.push(packed.subarray(from, from + step), from + step >= packed.length);
    }
  } catch {
    return undefined;
  }
  return at === size ? bytes : undefined;
}
