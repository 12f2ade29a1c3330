import type { Split } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { pickSamples } from '../splits/pick.js';
import { createOrder } from './order-of-epoch.js';

const groups = Int32Array.from({ length: 60 }, (_, sample) => Math.floor(sample / 10));
const split = (buffer: number): Split => ({ length: 60, readTogether: { groups, buffer } });
const order = (buffer: number, seed: number, epoch: number) => [...createOrder(split(buffer), seed)(epoch)];

describe('samples that are read together', () => {
  test.each([1, 7, 1000])('come once each, through a buffer of %i', (buffer) => {
    const found = order(buffer, 5, 0);
    expect([...found].sort((a, b) => a - b)).toEqual([...groups.keys()]);
    expect(order(buffer, 5, 0)).toEqual(found);
    expect(order(buffer, 5, 1)).not.toEqual(found);
    expect(order(buffer, 6, 0)).not.toEqual(found);
  });

  test('are never further from their place in a group than the buffer reaches', () => {
    // with a buffer of one, groups stay together and samples in their order
    const found = order(1, 2, 0).map((sample) => groups[sample]!);
    expect(new Set(found.filter((group, i) => group !== found[i - 1])).size).toBe(6);
    expect(found.filter((group, i) => group !== found[i - 1])).toHaveLength(6);
    const read = order(4, 2, 0);
    const sequence = order(1, 2, 0);
    for (const [at, sample] of read.entries()) expect(sequence.indexOf(sample)).toBeLessThan(at + 4);
  });

  test('stay together when some are chosen', () => {
    const picked = pickSamples(
      split(3),
      Int32Array.from({ length: 30 }, (_, i) => 2 * i),
    );
    expect(picked.readTogether!.groups).toEqual(groups.filter((_, i) => i % 2 === 0));
  });
});
