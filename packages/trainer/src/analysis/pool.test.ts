import { describe, expect, it } from 'vitest';
import { pooledShape, poolValues } from './pool.js';

describe('pooling', () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i * i);
  const at = (...positions: number[]) => positions.reduce((sum, i) => sum + i * i, 0) / positions.length;

  it('averages maps over positions', () => {
    expect(pooledShape([2, 2, 3])).toEqual([2]);
    const expected = [at(0, 1, 2, 3, 4, 5), at(6, 7, 8, 9, 10, 11), at(12, 13, 14, 15, 16, 17)];
    expect([...poolValues(values, [2, 2, 3], 2)].slice(0, 3)).toEqual(
      expected.map((value) => Math.fround(value)),
    );
  });

  it('averages tokens over tokens', () => {
    expect(pooledShape([3, 4])).toEqual([4]);
    const expected = [0, 1, 2, 3, 12, 13, 14, 15].map((i) => Math.fround(at(i, i + 4, i + 8)));
    expect([...poolValues(values, [3, 4], 2)]).toEqual(expected);
  });

  it('leaves vectors and padding alone', () => {
    expect(pooledShape([5])).toEqual([5]);
    expect(poolValues(values, [5], 2)).toBe(values);
    expect(poolValues(values, [2, 2, 3], 1)).toHaveLength(2);
  });
});
