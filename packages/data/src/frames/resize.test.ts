import { expect, test } from 'vitest';
import { shapeOfChanges } from '../pipeline/changes.js';
import { resize } from './resize.js';

const shapeOf = (size: number | [number, number], given?: { height: number; width: number }) =>
  shapeOfChanges(
    [{ contribution: resize, options: { size, filter: 'bilinear' } }],
    { channels: 3, size: given },
    'data.augment',
  );

test('both sides give pictures of any size one shape', () => {
  expect(shapeOf([24, 16])).toEqual([3, 24, 16]);
  expect(shapeOf([24, 16], { height: 9, width: 9 })).toEqual([3, 24, 16]);
});

test('one side does so where all pictures have one size', () => {
  expect(shapeOf(24, { height: 100, width: 151 })).toEqual([3, 24, 36]);
  expect(shapeOf(24, { height: 151, width: 100 })).toEqual([3, 36, 24]);
  expect(() => shapeOf(24)).toThrow('data.augment does not give them one');
});
