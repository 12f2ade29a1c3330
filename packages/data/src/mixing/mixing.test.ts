import type { BatchFacts, SampleRandom } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { batchRandom } from '../random.js';
import { drawBeta } from './beta.js';
import { cutmix, drawBox } from './cutmix.js';
import { swapBox } from './mix-rows.js';
import { mixup } from './mixup.js';
import { mixupOrCutmix } from './mixup-or-cutmix.js';

const facts: BatchFacts = { batchSize: 3, imageShape: [2, 4, 4], classes: 3 };
const size = 2 * 4 * 4;

/** Image i is all i + 1, and of class i. */
const batch = (views = 1) => ({
  pictures: Array.from({ length: views }, (_, view) =>
    Float32Array.from({ length: 3 * size }, (_, i) => 10 * view + Math.floor(i / size) + 1),
  ),
  targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
});

const random = (step: number): SampleRandom => batchRandom(7, 2, step, 0);

describe('shares', () => {
  test.each([0.2, 0.8, 1, 3])('from Beta(%f, %f) have its mean and variance', (alpha) => {
    const count = 4000;
    const drawn = Array.from({ length: count }, (_, step) => drawBeta(alpha, random(step)));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / count;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance * 4 * (2 * alpha + 1)).toBeGreaterThan(0.93);
    expect(variance * 4 * (2 * alpha + 1)).toBeLessThan(1.07);
    expect(drawn.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('of a tiny alpha are the ends', () => {
    const drawn = Array.from({ length: 50 }, (_, step) => drawBeta(1e-4, random(step)));
    expect(drawn.every((value) => value < 1e-6 || value > 1 - 1e-6)).toBe(true);
    expect(new Set(drawn.map(Math.round)).size).toBe(2);
  });
});

describe('mixup', () => {
  test('mixes images and targets of a pair by one share; the middle one stays', () => {
    const { pictures, targets } = batch();
    mixup.create({ alpha: 1, p: 1 }, facts)({ pictures, targets }, random(0));
    const share = targets[0]!;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    expect(targets[2]).toBeCloseTo(1 - share, 6);
    expect([...targets.subarray(3, 6)]).toEqual([0, 1, 0]);
    expect(targets[6]).toBeCloseTo(1 - share, 6);
    expect(pictures[0]![5]).toBeCloseTo(share + 3 * (1 - share), 5);
    expect(pictures[0]![size + 5]).toBe(2);
    expect(pictures[0]![2 * size + 5]).toBeCloseTo(3 * share + 1 - share, 5);
  });

  test('does to every view what it does to the batch, and works without targets', () => {
    const { pictures } = batch(2);
    mixup.create({ alpha: 1, p: 1 }, facts)({ pictures, targets: undefined }, random(0));
    expect(pictures[1]![0]! - pictures[0]![0]!).toBeCloseTo(10, 4);
    expect(pictures[0]![0]).not.toBe(1);
  });
});

describe('cutmix', () => {
  test('exchanges a rectangle of a pair and mixes targets by its area', () => {
    for (let step = 0; step < 20; step++) {
      const { pictures, targets } = batch();
      cutmix.create({ alpha: 1, p: 1 }, facts)({ pictures, targets }, random(step));
      const [image] = pictures as [Float32Array];
      expect(image.every((value) => [1, 2, 3].includes(value))).toBe(true);
      const foreign = image.subarray(0, size).filter((value) => value === 3).length;
      expect(targets[0]).toBeCloseTo(1 - foreign / size, 6);
      expect(targets[2]).toBeCloseTo(foreign / size, 6);
      expect(image.subarray(2 * size).filter((value) => value === 1)).toHaveLength(foreign);
      expect(image.subarray(size, 2 * size).every((value) => value === 2)).toBe(true);
    }
  });

  test('cuts a box around a place, as far as it lies inside', () => {
    const drawn = [1, 7];
    const scripted: SampleRandom = { int: () => drawn.shift()!, uniform: () => 0 };
    // sides of half the image: 4 of 8
    expect(drawBox(8, 8, 0.75, scripted)).toEqual({ top: 0, bottom: 3, left: 5, right: 8 });
  });

  test('swaps in all channels', () => {
    const images = Float32Array.from({ length: 2 * 2 * 2 * 2 }, (_, i) => i);
    swapBox(images, [2, 2, 2, 2], { top: 1, bottom: 2, left: 0, right: 1 });
    expect([...images]).toEqual([0, 1, 10, 3, 4, 5, 14, 7, 8, 9, 2, 11, 12, 13, 6, 15]);
  });
});

test.each([
  [mixup, { alpha: 1 }],
  [cutmix, { alpha: 1 }],
  [mixupOrCutmix, { mixupAlpha: 0.8, cutmixAlpha: 1, switch: 0.5 }],
] as const)('$id follows from seed, epoch and step, and from its probability', (transform, options) => {
  const run = (p: number, step: number) => {
    const given = batch();
    transform.create({ ...options, p } as never, facts)(given, random(step));
    return given;
  };
  expect(run(1, 3)).toEqual(run(1, 3));
  expect(run(1, 3)).not.toEqual(run(1, 4));
  expect(run(0, 3)).toEqual(batch());
  const mixed = Array.from({ length: 100 }, (_, step) => run(0.5, step).targets[0] !== 1).filter(Boolean);
  expect(mixed.length).toBeGreaterThan(25);
  expect(mixed.length).toBeLessThan(65);
});

test('mixup-or-cutmix takes either', () => {
  const kinds = Array.from({ length: 40 }, (_, step) => {
    const given = batch();
    const options = { mixupAlpha: 0.8, cutmixAlpha: 1, switch: 0.5, p: 1 };
    mixupOrCutmix.create(options, facts)(given, random(step));
    return given.pictures[0]!.every((value) => Number.isInteger(value)) ? 'cutmix' : 'mixup';
  });
  const cut = kinds.filter((kind) => kind === 'cutmix').length;
  expect(cut).toBeGreaterThan(10);
  expect(cut).toBeLessThan(30);
});
