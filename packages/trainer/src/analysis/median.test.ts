import { expect, it } from 'vitest';
import { median } from './median.js';

it('is the middle one, or the mean of the two in the middle', () => {
  expect(median([5, 1, 9])).toBe(5);
  expect(median([4, 1, 9, 2])).toBe(3);
});
