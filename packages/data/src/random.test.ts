import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleRandom } from './random.js';

const draws = (...key: [number, number, number, number]) => {
  const random = sampleRandom(...key);
  return Array.from({ length: 8 }, () => random.int(1 << 30));
};

describe('sampleRandom', () => {
  test('gives the same draws for the same key', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(), fc.nat(), fc.nat(7), (...key) => {
        expect(draws(...key)).toEqual(draws(...key));
      }),
    );
  });

  test.each<[string, [number, number, number, number]]>([
    ['seed', [8, 3, 5, 0]],
    ['seed beyond 32 bits', [7 + 2 ** 40, 3, 5, 0]],
    ['sign of the seed', [-7, 3, 5, 0]],
    ['epoch', [7, 4, 5, 0]],
    ['sample', [7, 3, 6, 0]],
    ['stream', [7, 3, 5, 1]],
    ['which number is which', [7, 5, 3, 0]],
  ])('gives other draws for another key: %s', (_, key) => {
    expect(draws(...key)).not.toEqual(draws(7, 3, 5, 0));
  });

  test('draws are those of earlier versions, so that recorded runs repeat', () => {
    expect(draws(10, 0, 0, 0)).toMatchInlineSnapshot(`
      [
        722138412,
        361893765,
        987806062,
        706959462,
        859462561,
        17035520,
        455984979,
        544139477,
      ]
    `);
  });

  test('neighbouring samples draw every value about equally often, and independently', () => {
    const bound = 9;
    const samples = 9000;
    const first = new Int32Array(bound);
    const pairs = new Int32Array(bound * bound);
    for (let sample = 0; sample < samples; sample++) {
      const here = sampleRandom(1, 0, sample, 0).int(bound);
      const next = sampleRandom(1, 0, sample + 1, 0).int(bound);
      first[here]!++;
      pairs[here * bound + next]!++;
    }
    // Chi-squared: mean = degrees of freedom, standard deviation = sqrt(2 x degrees); five deviations allowed.
    expect(chiSquared(first, samples / bound)).toBeLessThan(8 + 5 * Math.sqrt(16));
    expect(chiSquared(pairs, samples / bound ** 2)).toBeLessThan(80 + 5 * Math.sqrt(160));
  });

  test('uniform lies in [0, 1) with mean one half', () => {
    const values = Array.from({ length: 4000 }, (_, sample) => sampleRandom(2, 1, sample, 0).uniform());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(values.reduce((sum, value) => sum + value) / values.length).toBeCloseTo(0.5, 1);
  });
});

function chiSquared(counts: Int32Array, expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
