import type { Split } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { createOrder, type Sampling } from './order-of-epoch.js';

/** 90 samples of class 0, 9 of class 1, 1 of class 2. */
const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 90 ? 0 : i < 99 ? 1 : 2));
const split: Split = { length: 100, labels };

/** How often each class comes in some epochs, as shares. */
function shares(sampling: Sampling, epochs = 60): number[] {
  const order = createOrder(split, 5, sampling);
  const counts = [0, 0, 0];
  for (let epoch = 0; epoch < epochs; epoch++) for (const sample of order(epoch)) counts[labels[sample]!]!++;
  return counts.map((count) => count / (100 * epochs));
}

describe('class-balanced sampling', () => {
  test('draws every class equally often, however rare', () => {
    for (const share of shares('balanced')) expect(share).toBeCloseTo(1 / 3, 1);
  });

  test('draws every sample of a class', () => {
    const order = createOrder(split, 5, 'balanced');
    const seen = new Set<number>();
    for (let epoch = 0; epoch < 20; epoch++) for (const sample of order(epoch)) seen.add(sample);
    expect(seen.size).toBe(100);
  });
});

describe('weighted sampling', () => {
  test('draws classes in proportion', () => {
    const [a, b, c] = shares({ weights: [1, 3, 0] });
    expect(a).toBeCloseTo(0.25, 1);
    expect(b).toBeCloseTo(0.75, 1);
    expect(c).toBe(0);
  });

  test.each([
    ['too few weights', [1, 1], 'gives class 2 the weight NaN'],
    ['none above 0', [0, 0, 0], 'gives every class the weight 0'],
  ])('refuses %s', (_, weights, message) => {
    expect(() => createOrder(split, 5, { weights })).toThrow(message);
  });
});

describe('the order of an epoch', () => {
  const kinds: readonly Sampling[] = ['shuffled', 'balanced', { weights: [1, 2, 3] }];

  test.each(kinds)('follows from seed and epoch alone: %j', (sampling) => {
    const [one, other] = [createOrder(split, 5, sampling), createOrder(split, 5, sampling)];
    const later = [...one(7)];
    // whatever was asked for before, as after resuming
    other(3);
    other(6);
    expect([...other(7)]).toEqual(later);
    expect([...other(8)]).not.toEqual(later);
    expect([...createOrder(split, 6, sampling)(7)]).not.toEqual(later);
  });

  test('needs class labels only where classes count', () => {
    const blind: Split = { length: 4 };
    expect([...createOrder(blind, 1)(0)].sort()).toEqual([0, 1, 2, 3]);
    expect(() => createOrder(blind, 1, 'balanced')).toThrow('needs class labels');
  });
});
