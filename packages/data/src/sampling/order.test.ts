import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shuffledOrder } from './order.js';

describe('shuffledOrder', () => {
  test('is a permutation', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.maxSafeInteger(), fc.nat(), (length, seed, epoch) => {
        const sorted = shuffledOrder({ length, seed, epoch }).sort();
        expect(sorted).toEqual(Int32Array.from({ length }, (_, i) => i));
      }),
    );
  });

  test('depends on seed and epoch, and on nothing else', () => {
    const order = shuffledOrder({ length: 50, seed: 3, epoch: 1 });
    expect(shuffledOrder({ length: 50, seed: 3, epoch: 1 })).toEqual(order);
    expect(shuffledOrder({ length: 50, seed: 3, epoch: 2 })).not.toEqual(order);
    expect(shuffledOrder({ length: 50, seed: 4, epoch: 1 })).not.toEqual(order);
  });

  test('is that of earlier versions, so that recorded runs repeat', () => {
    expect([...shuffledOrder({ length: 10, seed: 10, epoch: 0 })]).toMatchInlineSnapshot(`
      [
        6,
        4,
        5,
        0,
        2,
        3,
        1,
        8,
        7,
        9,
      ]
    `);
  });

  test('puts every sample in every place about equally often', () => {
    const length = 5;
    const epochs = 2000;
    const counts = new Int32Array(length * length);
    for (let epoch = 0; epoch < epochs; epoch++) {
      shuffledOrder({ length, seed: 0, epoch }).forEach((sample, place) => {
        counts[sample * length + place]!++;
      });
    }
    // Binomial: standard deviation sqrt(2000 x 0.2 x 0.8) = 18; five deviations allowed.
    for (const count of counts) expect(Math.abs(count - epochs / length)).toBeLessThan(90);
  });
});
