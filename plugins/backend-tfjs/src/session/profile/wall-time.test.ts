import { expect, test } from 'vitest';
import { dealOut } from './wall-time.js';

const span = (begin: number, milliseconds: number) => ({ begin, milliseconds });

test('what runs alone has its time to itself', () => {
  const { shares, covered } = dealOut([span(10, 2), span(20, 3)]);
  expect([...shares]).toEqual([2, 3]);
  expect(covered).toBe(5);
});

test('what runs at the same time shares it, in any order', () => {
  // 0-4 alone, 4-10 both, 10-12 the other
  const { shares, covered } = dealOut([span(4, 8), span(0, 10)]);
  expect([...shares]).toEqual([3 + 2, 4 + 3]);
  expect(covered).toBe(12);
});

test('one inside another, and one that took no time', () => {
  const { shares, covered } = dealOut([span(0, 9), span(3, 3), span(3, 0)]);
  expect([...shares]).toEqual([7.5, 1.5, 0]);
  expect(covered).toBe(9);
});

test('nothing ran', () => {
  expect(dealOut([])).toEqual({ shares: new Float64Array(0), covered: 0 });
});
