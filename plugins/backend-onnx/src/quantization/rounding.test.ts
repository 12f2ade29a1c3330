import { describe, expect, test } from 'vitest';
import { loadRuntime } from '../runtime.js';
import { Histogram } from './histogram.js';
import { levelsOf } from './levels.js';
import { findWeightBits } from './weight-bits.js';
import { quantizeWeights } from './weights.js';

describe('levels of activations', () => {
  test('cover the range, and zero is one of them', () => {
    const { scale, zeroPoint } = levelsOf({ min: -1, max: 4.1 });
    expect(scale).toBeCloseTo(0.02, 6);
    expect(zeroPoint).toBe(50);
  });

  test('reach to zero where all values lie on one side of it', () => {
    expect(levelsOf({ min: 2, max: 5.1 })).toEqual({ scale: Math.fround(0.02), zeroPoint: 0 });
    expect(levelsOf({ min: -5.1, max: -2 }).zeroPoint).toBe(255);
  });

  test('exist for a value that is always zero', () => {
    expect(levelsOf({ min: 0, max: 0 })).toEqual({ scale: 1, zeroPoint: 0 });
  });
});

describe('weights', () => {
  const kernel = (values: number[], outputs: number) => ({
    name: 'weight',
    dtype: 'float32' as const,
    shape: [outputs, values.length / outputs, 1, 1],
    data: Float32Array.from(values),
  });
  const biases = (values: number[]) => ({ ...kernel(values, values.length), shape: [values.length] });

  test.each([
    [8, 127],
    [7, 63],
  ] as const)('of %i bits reach %i in every channel', (bits, limit) => {
    const weight = kernel([0.26, -1, 3, 0.1], 2);
    const { weight: levels, scales } = quantizeWeights(weight, undefined, { inputScale: 1, bits });
    expect([...levels]).toEqual([Math.round(limit * 0.26), -limit, limit, Math.round(limit / 30)]);
    expect(scales[1]! / scales[0]!).toBeCloseTo(3, 5);
  });

  test('of zero keep their bias', () => {
    const { bias, scales } = quantizeWeights(kernel([0, 0], 2), biases([0.5, -1e6]), {
      inputScale: 0.01,
      bits: 8,
    });
    expect(bias![0]! * scales[0]! * 0.01).toBeCloseTo(0.5, 5);
    expect((bias![1]! * scales[1]! * 0.01) / -1e6).toBeCloseTo(1, 5);
  });
});

describe('a histogram', () => {
  test('leaves out the rarest values at both ends', () => {
    const histogram = new Histogram({ min: -10, max: 90 });
    histogram.add(Float32Array.from({ length: 1000 }, (_, i) => (i === 0 ? -10 : i === 1 ? 90 : i / 1000)));
    const { min, max } = histogram.within(0.001);
    expect(min).toBeCloseTo(0, 0);
    expect(max).toBeCloseTo(1, 0);
    expect(histogram.within(0)).toEqual({ min: -10, max: 90 });
  });

  test('clips what is so rare that finer levels for the rest tell more', () => {
    const bulk = Float32Array.from({ length: 20_000 }, (_, i) => 1 + Math.sin(i));
    const histogram = new Histogram({ min: 0, max: 40 }, { zeros: false });
    histogram.add(bulk);
    histogram.add(new Float32Array(50_000));
    histogram.add(Float32Array.of(40));
    const { min, max } = histogram.leastDivergence();
    expect(min).toBe(0);
    expect(max).toBeGreaterThanOrEqual(2);
    expect(max).toBeLessThan(10);
    const even = new Histogram({ min: -1, max: 1 });
    even.add(Float32Array.from({ length: 40_960 }, (_, i) => -1 + (2 * (i % 2048) + 1) / 2048));
    expect(even.leastDivergence()).toEqual({ min: -1, max: 1 });
  });

  test('of one value is that value', () => {
    const histogram = new Histogram({ min: 0, max: 0 });
    histogram.add(new Float32Array(10));
    expect(histogram.within(0.01)).toEqual({ min: 0, max: 0 });
  });
});

test('the CPU takes weights of 7 or 8 bits', async () => {
  expect([7, 8]).toContain(await findWeightBits(await loadRuntime()));
});
