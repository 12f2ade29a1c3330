import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Split } from '@limbeck/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flip } from '../augmentations/flip.js';
import { padCrop } from '../augmentations/pad-crop.js';
import { centerCrop } from '../frames/center-crop.js';
import { randomResizedCrop } from '../frames/random-resized-crop.js';
import { resize } from '../frames/resize.js';
import { Loading } from '../loading/loading.js';
import type { ChosenChange } from '../pipeline/changes.js';
import { createTrainLoader } from '../train-loader.js';
import { openPictureCache } from './picture-cache.js';

let work: string;
const count = 6;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'limbeck-pictures-'));
  for (let i = 0; i < count; i++) {
    const [width, height] = [24 + i, 30 - i];
    const data = Buffer.from(Array.from({ length: width * height * 3 }, (_, k) => (k * (i + 3)) % 251));
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path.join(work, `${i}.png`));
  }
});

afterAll(() => rm(work, { recursive: true }));

const split = (place = (index: number) => path.join(work, `${index}.png`)): Split => ({
  length: count,
  labels: Int32Array.from({ length: count }, (_, i) => i),
  open: (index) => ({ file: place(index) }),
  hashOf: (index) => `${index}0123456789abcdef`,
});
const lists: Record<string, ChosenChange[]> = {
  'all that begins draws nothing': [
    { contribution: resize, options: { size: 16, filter: 'bilinear' } },
    { contribution: centerCrop, options: { size: 12 } },
    { contribution: padCrop, options: { pad: 2 } },
    { contribution: flip, options: { p: 0.5 } },
  ],
  'the first change draws': [
    {
      contribution: randomResizedCrop,
      options: { size: 12, scale: [0.2, 1], ratio: [0.75, 1.33], filter: 'bilinear' },
    },
    { contribution: flip, options: { p: 0.5 } },
  ],
};

async function epochs(
  augment: ChosenChange[],
  {
    dir,
    bytes = 1e9,
    workers = 0,
    files = split(),
  }: { dir?: string; bytes?: number; workers?: number; files?: Split } = {},
): Promise<string[]> {
  const loading = new Loading({ workers, ...(dir && { cache: openPictureCache(dir, bytes) }) });
  const loader = createTrainLoader({
    ...{ split: files, loading, batchSize: 2, seed: 3, imageShape: [3, 12, 12], augment },
    before: { channels: 3, size: undefined },
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  });
  const seen: string[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (let step = 0; step < loader.batchesPerEpoch; step++) {
      const { images, indices } = await loader.batch(epoch, step);
      seen.push([...indices, ...images].join());
    }
  }
  await loading.dispose();
  return seen;
}

const filesIn = async (dir: string) =>
  (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

test.each(Object.entries(lists))(
  'batches are the same with and without it: %s',
  async (name, changes) => {
    const dir = path.join(work, `cache ${name.length}`);
    const plain = await epochs(changes);
    expect(await epochs(changes, { dir })).toEqual(plain);
    expect(await filesIn(dir)).toHaveLength(count);
    // from what is kept, by threads, and of files that are elsewhere
    expect(await epochs(changes, { dir, workers: 2 })).toEqual(plain);
    expect(await epochs(changes, { dir, files: split(() => '/nowhere/x.png') })).toEqual(plain);
  },
  60_000,
);

test('it takes no more room than it may', async () => {
  const dir = path.join(work, 'small');
  const plain = await epochs(lists['all that begins draws nothing']!);
  const each = 20 + 12 * 12 * 3;
  expect(await epochs(lists['all that begins draws nothing']!, { dir, bytes: 3 * each })).toEqual(plain);
  expect(await filesIn(dir)).toHaveLength(3);
  // what is there counts
  await epochs(lists['the first change draws']!, { dir, bytes: 3 * each });
  expect(await filesIn(dir)).toHaveLength(3);
});

test('what is damaged is decoded again, and what was never finished is removed', async () => {
  const dir = path.join(work, 'damaged');
  const changes = lists['all that begins draws nothing']!;
  const plain = await epochs(changes, { dir });
  const files = await filesIn(dir);
  const bytes = await readFile(files[0]!);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(files[0]!, bytes);
  await writeFile(files[1]!, '');
  const part = `${files[2]}.1.0.0.part`;
  await writeFile(part, 'x');
  await utimes(part, 1e9, 1e9);

  expect(await epochs(changes, { dir })).toEqual(plain);
  await expect(stat(part)).rejects.toThrow('ENOENT');
  expect((await readFile(files[0]!)).length).toBe(bytes.length);
});

test('two runs that fill it at once share it', async () => {
  const dir = path.join(work, 'shared');
  const changes = lists['all that begins draws nothing']!;
  const [a, b] = await Promise.all([
    epochs(changes, { dir, workers: 1 }),
    epochs(changes, { dir, workers: 1 }),
  ]);
  expect(a).toEqual(b);
  expect(await filesIn(dir)).toHaveLength(count);
}, 60_000);
