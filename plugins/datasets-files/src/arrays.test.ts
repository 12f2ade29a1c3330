import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { labelsOf, type OpenDataset, type Split, targetsOf } from '@limbeck/core';
import { writeNpz } from '@limbeck/formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrays } from './index.js';

// written by NumPy and safetensors: see scripts/make-arrays.py
const data = fileURLToPath(new URL('../test-data/arrays/', import.meta.url));
let work: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'limbeck-arrays-'));
});

afterAll(() => rm(work, { recursive: true }));

const open = (name: string, options: object = {}): Promise<OpenDataset> =>
  arrays.open({ path: path.resolve(data, name), layout: 'auto', ...options }, { dataDir: '/nowhere' });

/** The value that the script gives a pixel. */
const value = (image: number, row: number, column: number, channel: number) =>
  ((((image * 5 + row) * 6 + column) * 3 + channel) * 7) % 256;

function expected(image: number, channels: number): number[] {
  return Array.from({ length: channels * 30 }, (_, i) =>
    value(image, Math.floor((i % 30) / 6), i % 6, Math.floor(i / 30)),
  );
}

function imageOf(split: Split, index: number, channels: number): number[] {
  const into = new Uint8Array(channels * 30 + 2).fill(9);
  split.read!(index, into, 1);
  expect([into[0], into.at(-1)]).toEqual([9, 9]);
  return [...into.subarray(1, -1)];
}

test.each([
  ['medmnist.npz', 3, { train: 4, validation: 2, test: 3 }],
  ['medmnist-grey.npz', 1, { train: 4, validation: 2, test: 3 }],
  ['keras.npz', 3, { train: 4, test: 2 }],
  ['planes.npy', 3, { train: 4 }],
  ['floats_images.npy', 3, { train: 4 }],
  ['planes.safetensors', 3, { train: 4 }],
  ['doubles.safetensors', 3, { train: 4 }],
])('%s: images of %i channels, whatever their layout and type', async (name, channels, lengths) => {
  const opened = await open(name);
  expect(opened.imageShape).toEqual([channels, 5, 6]);
  expect(opened.classes).toBe(3);
  const splits = opened.splits!;
  expect(Object.fromEntries(Object.entries(splits).map(([split, { length }]) => [split, length]))).toEqual(
    lengths,
  );
  expect([...labelsOf(targetsOf(splits.train!))]).toEqual([2, 0, 1, 2]);
  for (const image of [0, 3])
    expect(imageOf(splits.train!, image, channels)).toEqual(expected(image, channels));
});

test('several labels an image are multi-hot', async () => {
  const { splits, classes } = await open('medmnist-multi.npz');
  expect(classes).toBe(3);
  expect(targetsOf(splits!.train!)).toEqual({
    kind: 'multi-hot',
    values: Float32Array.of(1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1),
  });
});

test('the order of axes can be said', async () => {
  const images = { dtype: 'uint8', shape: [2, 3, 4, 3], data: Uint8Array.from({ length: 72 }, (_, i) => i) };
  const file = path.join(work, 'unclear.npz');
  await writeFile(file, writeNpz(new Map(Object.entries({ images })) as never));
  expect((await open(file)).imageShape).toEqual([3, 3, 4]);
  expect((await open(file, { layout: 'NCHW' })).imageShape).toEqual([3, 4, 3]);
});

describe('refused', () => {
  const images = (changes: object = {}) => ({
    dtype: 'uint8',
    shape: [2, 2, 2, 1],
    data: new Uint8Array(8),
    ...changes,
  });
  const labels = (changes: object = {}) => ({
    dtype: 'int32',
    shape: [2],
    data: Int32Array.of(0, 1),
    ...changes,
  });

  test.each<[string, object, object, string]>([
    ['no images', { weights: images() }, {}, 'has no images: its arrays are weights'],
    ['five axes', { images: images({ shape: [2, 2, 2, 1, 1] }) }, {}, 'of the shape [2, 2, 2, 1, 1]'],
    [
      'two channels',
      { images: images({ shape: [1, 2, 2, 2] }) },
      {},
      'has images of 2 channels: [1, 2, 2, 2]',
    ],
    ['whole numbers', { images: images({ dtype: 'int32', data: new Int32Array(8) }) }, {}, 'of type int32'],
    [
      'floats beyond 1',
      { images: images({ dtype: 'float32', data: Float32Array.of(0, 1, 255, 0, 0, 0, 0, 0) }) },
      {},
      'has the value 255 among its images',
    ],
    [
      'no numbers',
      { images: images({ dtype: 'float32', data: Float32Array.of(0, 1, Number.NaN, 0, 0, 0, 0, 0) }) },
      {},
      'has the value NaN among its images',
    ],
    [
      'too few labels',
      { images: images(), labels: labels({ shape: [1], data: Int32Array.of(0) }) },
      {},
      'has 2 images and 1 labels',
    ],
    [
      'a label below 0',
      { images: images(), labels: labels({ data: Int32Array.of(0, -1) }) },
      {},
      'has the label -1',
    ],
    [
      'splits of two shapes',
      {
        train_images: images(),
        test_images: images({ shape: [1, 4, 2, 1] }),
      },
      {},
      'has images [1, 2, 2] and [1, 4, 2]',
    ],
    [
      'a label beyond the names',
      { images: images(), labels: labels({ data: Int32Array.of(0, 5) }) },
      { classNames: ['a', 'b'] },
      'has the label 5; there are 2 classes',
    ],
  ])('%s', async (_, tensors, options, message) => {
    const file = path.join(work, 'bad.npz');
    await writeFile(file, writeNpz(new Map(Object.entries(tensors)) as never));
    await expect(open(file, options)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(`${file} ${message.startsWith('of') ? 'has images ' : ''}${message}`),
    });
  });

  test('a file of another kind, a damaged one, one that is not there', async () => {
    const other = path.join(work, 'x.mat');
    await writeFile(other, 'x');
    await expect(open(other)).rejects.toThrow('is no file of arrays');
    const cut = path.join(work, 'cut.npz');
    await writeFile(cut, 'PK');
    await expect(open(cut)).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringContaining(cut),
    });
    await expect(open(path.join(work, 'gone.npz'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
