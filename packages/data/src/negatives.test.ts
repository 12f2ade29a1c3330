import { indexTargets } from '@limbeck/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNegativeSampler } from './negatives.js';

const key = { epoch: 0, step: 0, count: 4, from: 'other-classes' } as const;

const labelled = (labels: Int32Array) => ({ targets: indexTargets(labels), length: labels.length });

describe('createNegativeSampler', () => {
  test('draws samples of other classes, none twice in a row of the result', () => {
    const property = fc.property(
      fc.array(fc.nat(4), { minLength: 2, maxLength: 40 }).filter((labels) => new Set(labels).size > 1),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(99),
      (classes, count, step) => {
        const labels = Int32Array.from(classes);
        const indices = Int32Array.from(classes.keys());
        const drawn = createNegativeSampler(labelled(labels), 7).draw(indices, { ...key, count, step });
        expect(drawn).toHaveLength(labels.length * count);
        for (const sample of indices) {
          const row = [...drawn.subarray(sample * count, (sample + 1) * count)];
          expect(row.every((other) => labels[other] !== labels[sample])).toBe(true);
          const others = labels.filter((label) => label !== labels[sample]).length;
          expect(new Set(row).size).toBe(count <= others ? count : new Set(row).size);
        }
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  test("draws of 'all' leave out the sample itself alone", () => {
    const labels = Int32Array.from({ length: 9 }, (_, i) => i % 2);
    const drawn = createNegativeSampler(labelled(labels), 1).draw(Int32Array.of(4), {
      ...key,
      count: 8,
      from: 'all',
    });
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
  });

  test('follow from seed, epoch and step alone', () => {
    const labels = Int32Array.from({ length: 50 }, (_, i) => i % 5);
    const indices = Int32Array.of(3, 9, 12);
    const drawn = (seed: number, more: object = {}, warmUp = 0) => {
      const sampler = createNegativeSampler(labelled(labels), seed);
      for (let i = 0; i < warmUp; i++) sampler.draw(indices, { ...key, step: i });
      return sampler.draw(indices, { ...key, ...more }).join();
    };
    expect(drawn(1, {}, 5)).toBe(drawn(1));
    for (const other of [drawn(2), drawn(1, { epoch: 1 }), drawn(1, { step: 1 })])
      expect(other).not.toBe(drawn(1));
  });

  test('are about equally often every sample they may be', () => {
    const labels = Int32Array.from({ length: 20 }, (_, i) => (i < 4 ? 0 : 1));
    const sampler = createNegativeSampler(labelled(labels), 3);
    const counts = new Float64Array(20);
    const steps = 2000;
    for (let step = 0; step < steps; step++) {
      for (const other of sampler.draw(Int32Array.of(0), { ...key, step, count: 4 })) counts[other]!++;
    }
    expect([...counts.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    // Chi-squared over 16 samples: mean 15, standard deviation sqrt(30); five deviations allowed.
    const expected = (steps * 4) / 16;
    const chi = counts.subarray(4).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(15 + 5 * Math.sqrt(30));
  });

  test('where there is nothing else to draw, that is said', () => {
    const sampler = createNegativeSampler(labelled(new Int32Array(3)), 1);
    expect(() => sampler.draw(Int32Array.of(1), key)).toThrow(
      'sample 1 has no other-classes sample to be contrasted with',
    );
  });
});
