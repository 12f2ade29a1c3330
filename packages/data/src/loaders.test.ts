import { isLimbeckError, labelsOf, type Split } from '@limbeck/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flip } from './augmentations/flip.js';
import { padCrop } from './augmentations/pad-crop.js';
import { createDrawLoader } from './draw-loader.js';
import { createEvalLoader } from './eval-loader.js';
import { createTrainLoader, type TrainLoaderOptions } from './train-loader.js';

const imageShape = [2, 5, 6] as const;
const size = 60;
const identity = { mean: [0, 0], std: [1 / 255, 1 / 255] };

/** Every image is different: byte i of image n is a hash of both. */
function split(length: number): Split {
  const byte = (sample: number, i: number) => (sample * 31 + i * 7 + (sample ^ i)) & 255;
  return {
    length,
    targets: { kind: 'index', values: Int32Array.from({ length }, (_, sample) => sample % 10) },
    read(index, into, offset) {
      for (let i = 0; i < size; i++) into[offset + i] = byte(index, i);
    },
  };
}

function trainLoader(options: Partial<TrainLoaderOptions> = {}) {
  const augment = [
    { contribution: padCrop, options: { pad: 2 } },
    { contribution: flip, options: { p: 0.5 } },
  ];
  return createTrainLoader({
    split: split(23),
    normalization: identity,
    imageShape,
    batchSize: 4,
    seed: 1,
    augment,
    ...options,
  });
}

/** Pixels of every sample seen in an epoch, by sample. */
async function epochBySample(
  options: Partial<TrainLoaderOptions>,
  epoch: number,
  firstStep = 0,
): Promise<Map<number, string>> {
  const loader = trainLoader(options);
  const seen = new Map<number, string>();
  for (let step = firstStep; step < loader.batchesPerEpoch; step++) {
    const { images, indices } = await loader.batch(epoch, step);
    indices.forEach((sample, slot) => {
      seen.set(sample, images.subarray(slot * size, (slot + 1) * size).join());
    });
  }
  return seen;
}

function failure(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isLimbeckError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('createTrainLoader', () => {
  test('a sample looks the same whatever the batch size and the step one starts at', async () => {
    const property = fc.asyncProperty(
      fc.maxSafeInteger(),
      fc.nat(1000),
      fc.integer({ min: 1, max: 23 }),
      fc.nat(),
      async (seed, epoch, batchSize, start) => {
        const reference = await epochBySample({ seed, batchSize: 1 }, epoch);
        const steps = Math.floor(23 / batchSize);
        const seen = await epochBySample({ seed, batchSize }, epoch, start % steps);
        expect(seen.size).toBe((steps - (start % steps)) * batchSize);
        for (const [sample, pixels] of seen) expect(pixels).toBe(reference.get(sample));
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  test('a sample looks the same in whatever place the order puts it', async () => {
    // Two splits of different length shuffle differently, but hold the same first samples.
    const long = await epochBySample({ batchSize: 1 }, 3);
    const short = await epochBySample({ split: split(11), batchSize: 1 }, 3);
    expect([...short.keys()]).not.toEqual([...long.keys()].slice(0, 11));
    for (const [sample, pixels] of short) expect(pixels).toBe(long.get(sample));
  });

  test('a sample looks different in another epoch and under another seed', async () => {
    const changed = async (other: Map<number, string>) =>
      [...(await epochBySample({ batchSize: 1 }, 0))].filter(
        ([sample, pixels]) => other.get(sample) !== pixels,
      ).length;
    expect(await changed(await epochBySample({ batchSize: 1 }, 1))).toBeGreaterThan(15);
    expect(await changed(await epochBySample({ batchSize: 1, seed: 2 }, 0))).toBeGreaterThan(15);
  });

  test('steps may be asked for in any order and over epochs', async () => {
    const loader = trainLoader();
    const copy = async (epoch: number, step: number) => structuredClone(await loader.batch(epoch, step));
    const forwards = [await copy(0, 0), await copy(0, 1), await copy(1, 0)];
    const backwards = [await copy(1, 0), await copy(0, 1), await copy(0, 0)].reverse();
    expect(backwards).toEqual(forwards);
  });

  test('an epoch holds no sample twice and leaves the partial batch out', async () => {
    const loader = trainLoader();
    expect(loader.batchesPerEpoch).toBe(5);
    expect((await epochBySample({}, 0)).size).toBe(20);
  });

  test('labels belong to the samples', async () => {
    const { targets, indices } = await trainLoader().batch(2, 3);
    expect([...labelsOf(targets)]).toEqual([...indices].map((sample) => sample % 10));
  });

  test('pixels are normalised by channel', async () => {
    const normalization = { mean: [0.25, 0.5], std: [0.5, 2] };
    const { images, indices } = await trainLoader({ normalization, augment: [] }).batch(0, 0);
    const bytes = new Uint8Array(size);
    split(23).read!(indices[0]!, bytes, 0);
    expect(images[7]).toBeCloseTo((bytes[7]! / 255 - 0.25) / 0.5, 6);
    expect(images[30 + 7]).toBeCloseTo((bytes[30 + 7]! / 255 - 0.5) / 2, 6);
  });

  test('with a number of draws, epochs cycle through them, and the order goes on changing', async () => {
    const draws = 3;
    for (const epoch of [3, 4, 8]) {
      const draw = await epochBySample({ batchSize: 1 }, epoch % draws);
      const shown = await epochBySample({ batchSize: 1, draws }, epoch);
      expect([...shown.keys()]).not.toEqual([...draw.keys()]);
      expect(new Map([...shown].sort())).toEqual(new Map([...draw].sort()));
    }
    expect(await epochBySample({ draws }, 2)).toEqual(await epochBySample({}, 2));
    expect((await epochBySample({ batchSize: 1, draws: 1 }, 5)).get(7)).toBe(
      (await epochBySample({ batchSize: 1 }, 0)).get(7),
    );
  });

  test('two buffers take turns', async () => {
    const loader = trainLoader();
    const first = await loader.batch(0, 0);
    const second = await loader.batch(0, 1);
    const third = await loader.batch(0, 2);
    expect(second.images).not.toBe(first.images);
    expect(third.images).toBe(first.images);
  });

  test.each([
    ['BAD_DATA', { batchSize: 24 }, /batchSize 24 .* 23 samples/],
    ['CONFIG_INVALID', { batchSize: 0 }, /batchSize is 0/],
    ['CONFIG_INVALID', { batchSize: 1.5 }, /batchSize is 1.5/],
    ['CONFIG_INVALID', { seed: Number.NaN }, /seed is NaN/],
    ['CONFIG_INVALID', { draws: 0 }, /draws is 0/],
    ['CONFIG_INVALID', { draws: 1.5 }, /draws is 1.5/],
    ['SHAPE_MISMATCH', { normalization: { mean: [0], std: [1, 1] } }, /mean has 1 numbers, .* 2 channels/],
    ['BAD_DATA', { normalization: { mean: [0, 0], std: [1, 0] } }, /std is \[1, 0\]/],
  ])('refuses at construction: %s %j', (code, options, message) => {
    const error = failure(() => trainLoader(options));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  test('refuses steps outside the epoch', async () => {
    const loader = trainLoader();
    await expect(loader.batch(0, 5)).rejects.toThrow('step 5 is outside [0, 5)');
    await expect(loader.batch(-1, 0)).rejects.toThrow('epoch -1 is outside');
  });
});

describe('createEvalLoader', () => {
  const evalLoader = (length: number, batchSize: number) =>
    createEvalLoader({ split: split(length), normalization: identity, imageShape, batchSize });

  test('covers every sample once, in order; the rest of the last batch is masked', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (length, batchSize) => {
        const loader = evalLoader(length, batchSize);
        const seen: number[] = [];
        for (let step = 0; step < loader.batches; step++) {
          const { images, targets, indices, count } = await loader.batch(step);
          seen.push(...indices.subarray(0, count));
          expect([...labelsOf(targets).subarray(0, count)]).toEqual(
            [...indices.subarray(0, count)].map((sample) => sample % 10),
          );
          expect(images.subarray(count * size).every((pixel) => pixel === 0)).toBe(true);
          expect(indices.subarray(count).every((sample) => sample === -1)).toBe(true);
          expect(images).toHaveLength(batchSize * size);
        }
        expect(seen).toEqual(Array.from({ length }, (_, sample) => sample));
        expect(loader.samples).toBe(length);
      },
    );
    await fc.assert(property);
  });

  test('padding is clean even where a full batch lay before', async () => {
    const loader = evalLoader(9, 4);
    for (let step = 0; step < 3; step++) await loader.batch(step);
    const { images, targets, count } = await loader.batch(2);
    expect(count).toBe(1);
    expect(images.subarray(size).some((pixel) => pixel !== 0)).toBe(false);
    expect([...labelsOf(targets).subarray(1)]).toEqual([0, 0, 0]);
  });

  test('images are those of the split', async () => {
    const { images } = await evalLoader(9, 4).batch(1);
    const bytes = new Uint8Array(size);
    split(9).read!(5, bytes, 0);
    bytes.forEach((byte, i) => {
      expect(images[size + i]).toBeCloseTo(byte, 3);
    });
  });

  test('refuses an empty split', async () => {
    expect(failure(() => evalLoader(0, 4)).code).toBe('BAD_DATA');
  });
});

describe('createDrawLoader', () => {
  const augment = [
    { contribution: padCrop, options: { pad: 2 } },
    { contribution: flip, options: { p: 0.5 } },
  ];
  const drawLoader = (batchSize: number) =>
    createDrawLoader({ split: split(23), normalization: identity, imageShape, batchSize, seed: 1, augment });

  test('shows every sample as the training loader does in an epoch of that draw', async () => {
    const property = fc.asyncProperty(
      fc.nat(9),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(22),
      async (draw, batchSize, start) => {
        const reference = await epochBySample({ batchSize: 1 }, draw);
        const loader = drawLoader(batchSize);
        const seen: number[] = [];
        for (let first = start; first < loader.samples; first += batchSize) {
          const { images, targets, indices, count } = await loader.batch(draw, first);
          for (let slot = 0; slot < count; slot++) {
            const sample = indices[slot]!;
            seen.push(sample);
            expect(images.subarray(slot * size, (slot + 1) * size).join()).toBe(reference.get(sample));
            expect(labelsOf(targets)[slot]).toBe(sample % 10);
          }
        }
        expect(seen).toEqual(Array.from({ length: 23 - start }, (_, i) => start + i));
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test('a batch ends where it is told to, and the rest of it is masked', async () => {
    const loader = drawLoader(8);
    await loader.batch(0, 0);
    await loader.batch(0, 8);
    const { images, targets, indices, count } = await loader.batch(1, 4, 7);
    expect([count, ...indices]).toEqual([3, 4, 5, 6, -1, -1, -1, -1, -1]);
    expect(images.subarray(3 * size).every((pixel) => pixel === 0)).toBe(true);
    expect(
      labelsOf(targets)
        .subarray(3)
        .every((label) => label === 0),
    ).toBe(true);
    await expect(loader.batch(0, 23)).rejects.toThrow('first 23 is outside [0, 23)');
    await expect(loader.batch(0, 0, 24)).rejects.toThrow('end 24 is outside');
  });
});
