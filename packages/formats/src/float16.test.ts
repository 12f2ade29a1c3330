import { expect, it } from 'vitest';
import { float16ToFloat32 } from './float16.js';

/** The definition: sign, five bits of exponent, ten of fraction. */
function definition(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

it('converts each of the 65,536 halves exactly', () => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const singles = float16ToFloat32(halves);
  const wrong = [...halves].filter((half) => !Object.is(singles[half], definition(half)));
  expect(wrong).toEqual([]);
});

it('keeps the sign and payload of a NaN', () => {
  const bits = new Uint32Array(float16ToFloat32(Uint16Array.of(0xfd01)).buffer);
  expect(bits[0]!.toString(16)).toBe('ffa02000');
});
