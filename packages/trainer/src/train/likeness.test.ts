import { tensorData } from '@limbeck/graph';
import { expect, it } from 'vitest';
import { Likeness } from './likeness.js';

const outputs = (logits: number[], map: number[]) => ({
  logits: tensorData('float32', [2, 2], Float32Array.from(logits)),
  map: tensorData('float32', [2, 1, 1, 2], Float32Array.from(map)),
});

it('predictions, directions and divergences are compared sample by sample', () => {
  const likeness = new Likeness(['map']);
  likeness.add(outputs([2, 0, 0, 2], [1, 0, 3, 4]), outputs([2, 0, 2, 0], [0, 0, 6, 8]), 2);
  const { samples, agreement, cosine, kl1, kl4 } = likeness.value();
  expect({ samples, agreement }).toEqual({ samples: 2, agreement: 0.5 });
  expect(cosine).toEqual({ map: { mean: 0.5, worst: 0 } });
  // the second sample's two probabilities change places: KL = 2 tanh(1 / T) / T; the mean is half of it
  expect(kl1).toBeCloseTo(Math.tanh(1), 6);
  expect(kl4).toBeCloseTo(Math.tanh(1 / 4) / 4, 6);
});

it('padding of a last batch does not count', () => {
  const likeness = new Likeness(['map']);
  likeness.add(outputs([2, 0, 0, 2], [1, 0, 3, 4]), outputs([2, 0, 2, 0], [1, 0, 0, 0]), 1);
  expect(likeness.value()).toEqual({
    samples: 1,
    agreement: 1,
    cosine: { map: { mean: 1, worst: 1 } },
    kl1: 0,
    kl4: 0,
  });
});
