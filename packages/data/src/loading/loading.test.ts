import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Split } from '@limbeck/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flip } from '../augmentations/flip.js';
import { randAugment } from '../augmentations/rand-augment.js';
import { randomResizedCrop } from '../frames/random-resized-crop.js';
import { createTrainLoader } from '../train-loader.js';
import { Loading, type LoadingOptions } from './loading.js';

let folder: string;
const count = 10;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-loading-'));
  for (let i = 0; i < count; i++) {
    const [width, height] = [20 + 3 * i, 40 - 2 * i];
    const data = Buffer.from({ length: width * height * 3 } as ArrayLike<number>).map(
      (_, k) => (k * (i + 3)) % 251,
    );
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path.join(folder, `${i}.png`));
  }
  await writeFile(path.join(folder, 'bad.png'), 'no picture');
});

afterAll(() => rm(folder, { recursive: true }));

const files = (names: readonly string[]): Split => ({
  length: names.length,
  labels: Int32Array.from(names.keys()),
  open: (index) => ({ file: path.join(folder, names[index]!) }),
});
const good = files(Array.from({ length: count }, (_, i) => `${i}.png`));

function loader(split: Split, options: LoadingOptions, batchSize = 2) {
  const loading = new Loading(options);
  const made = createTrainLoader({
    ...{ split, loading, batchSize, seed: 3, imageShape: [3, 12, 12] },
    before: { channels: 3, size: undefined },
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    augment: [
      {
        contribution: randomResizedCrop,
        options: { size: 12, scale: [0.2, 1], ratio: [0.75, 1.33], filter: 'bilinear' },
      },
      { contribution: flip, options: { p: 0.5 } },
      { contribution: randAugment, options: { count: 2, magnitude: 1 } },
    ],
  });
  return { loading, made };
}

async function epochs(options: LoadingOptions): Promise<string[]> {
  const { loading, made } = loader(good, options);
  const seen: string[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (let step = 0; step < made.batchesPerEpoch; step++) {
      const { images, indices } = await made.batch(epoch, step);
      // runtimes refuse shared memory
      expect(images.buffer).toBeInstanceOf(ArrayBuffer);
      seen.push([...indices, ...images].join());
    }
  }
  await loading.dispose();
  return seen;
}

test('samples are the same whoever loads them, and however far ahead', async () => {
  const alone = await epochs({ workers: 0 });
  expect(new Set(alone).size).toBe(alone.length);
  expect(await epochs({ workers: 1, prefetch: 1 })).toEqual(alone);
  expect(await epochs({ workers: 3, prefetch: 4 })).toEqual(alone);
}, 60_000);

test.each([0, 2])('a bad file is named, with %i threads', async (workers) => {
  const { loading, made } = loader(files(['bad.png', '1.png']), { workers });
  await expect(made.batch(0, 0)).rejects.toMatchObject({
    code: 'BAD_DATA',
    message: expect.stringContaining(path.join(folder, 'bad.png')),
  });
  await loading.dispose();
});

test.each([0, 2])('a file that has vanished is named, with %i threads', async (workers) => {
  const { loading, made } = loader(files(['gone.png', '1.png']), { workers });
  await expect(made.batch(0, 0)).rejects.toMatchObject({
    code: 'BAD_FILE',
    message: expect.stringContaining('gone.png'),
  });
  await loading.dispose();
});

test('bad samples that are skipped are told once, and others of the batch take their places', async () => {
  const told: string[] = [];
  const { loading, made } = loader(
    files(['bad.png', '1.png', '2.png', '3.png']),
    { workers: 0, onError: 'skip' },
    4,
  );
  loading.onSkip(({ name }) => told.push(name));
  for (let epoch = 0; epoch < 3; epoch++) {
    const { images, indices, targets } = await made.batch(epoch, 0);
    expect([...indices]).not.toContain(0);
    expect(targets).toEqual({ kind: 'index', values: indices });
    expect(images.every(Number.isFinite)).toBe(true);
  }
  expect(told).toEqual(['sample 0']);
  expect(loading.skipped).toHaveLength(1);
});
