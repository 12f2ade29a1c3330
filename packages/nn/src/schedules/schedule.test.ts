import { describe, expect, test } from 'vitest';
import { constantSchedule, cosine, linearWarmup, multiStep } from './schedule.js';

const horizon = { epochs: 240, stepsPerEpoch: 10 };

test('multi-step keeps the rate through the milestone epoch itself, as RepDistiller does', () => {
  const factor = multiStep({ milestones: [150, 180, 210], gamma: 0.1 }, horizon);
  // epoch n, counted from 1, covers steps 10 (n - 1) to 10 n - 1
  expect(factor(0)).toBe(1);
  expect(factor(1499), 'last step of epoch 150').toBe(1);
  expect(factor(1500), 'first step of epoch 151').toBeCloseTo(0.1, 12);
  expect(factor(1800)).toBeCloseTo(0.01, 12);
  expect(factor(2399)).toBeCloseTo(0.001, 12);
});

test('cosine starts at 1, is half way in the middle and ends near its final value', () => {
  const factor = cosine({ final: 0 }, { epochs: 6, stepsPerEpoch: 100 });
  expect(factor(0)).toBe(1);
  expect(factor(300)).toBeCloseTo(0.5, 12);
  expect(factor(599)).toBeLessThan(1e-4);
  expect(cosine({ final: 0.2 }, { epochs: 1, stepsPerEpoch: 10 })(10)).toBeCloseTo(0.2, 12);
});

describe('linear warm-up', () => {
  const factor = linearWarmup({ epochs: 2, from: 0 }, { epochs: 10, stepsPerEpoch: 5 }, (rest) =>
    cosine({ final: 0 }, rest),
  );

  test('rises evenly and reaches 1 at its last step', () => {
    expect(Array.from({ length: 10 }, (_, step) => factor(step))).toEqual(
      Array.from({ length: 10 }, (_, step) => expect.closeTo((step + 1) / 10, 12)),
    );
  });

  test('what follows starts at its own beginning and spans the rest', () => {
    expect(factor(10)).toBe(1);
    expect(factor(30)).toBeCloseTo(0.5, 12);
  });

  test('a warm-up as long as the run is refused with both lengths', () => {
    expect(() =>
      linearWarmup({ epochs: 5, from: 0 }, { epochs: 5, stepsPerEpoch: 1 }, constantSchedule),
    ).toThrow('a warm-up of 5 epochs does not fit into a run of 5');
  });
});
