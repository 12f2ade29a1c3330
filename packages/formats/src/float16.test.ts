import fc from 'fast-check';
import { expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from './float16.js';

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

const toHalf = (value: number): number => float32ToFloat16(Float32Array.of(value))[0]!;

it('converts every half that is a number back to itself', () => {
  const numbers = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter(
    (half) => !Number.isNaN(definition(half)),
  );
  expect(float32ToFloat16(float16ToFloat32(numbers))).toEqual(numbers);
});

it.each([
  ['a tie to the even one below', 1 + 2 ** -11, 0x3c00],
  ['a tie to the even one above', 1 + 3 * 2 ** -11, 0x3c02],
  ['above a tie', 1 + 2 ** -11 + 2 ** -20, 0x3c01],
  ['into the next power of two', 2 - 2 ** -12, 0x4000],
  ['the largest that stays finite', 65519.99, 0x7bff],
  ['beyond it', 65520, 0x7c00],
  ['far beyond it', -1e30, 0xfc00],
  ['infinity', Number.NEGATIVE_INFINITY, 0xfc00],
  ['half of the smallest, to even', 2 ** -25, 0],
  ['just above that', 2 ** -25 * 1.001, 1],
  ['from a subnormal to the smallest normal', 2 ** -14 - 2 ** -26, 0x0400],
  ['a single that is subnormal', 2 ** -140, 0],
  ['negative zero', -0, 0x8000],
])('rounds %s', (_, value, half) => {
  expect(toHalf(value).toString(16)).toBe(half.toString(16));
});

it('rounds to the nearest half', () => {
  const near = fc.float({ min: -65519, max: 65519, noNaN: true });
  const property = fc.property(near, (value) => {
    const half = toHalf(value);
    const distance = Math.abs(definition(half) - value);
    for (const other of [half - 1, half + 1]) {
      const there = definition(other & 0xffff);
      if (Number.isFinite(there)) expect(Math.abs(there - value)).toBeGreaterThanOrEqual(distance);
    }
  });
  fc.assert(property, { numRuns: 500 });
});

it('keeps a NaN one', () => {
  expect(definition(toHalf(Number.NaN))).toBeNaN();
});
