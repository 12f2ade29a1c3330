import { indexTargets, labelsOf, noTargets, type OpenDataset, type Split, targetsOf } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { flip } from '../augmentations/flip.js';
import { padCrop } from '../augmentations/pad-crop.js';
import { prepareDataset } from './prepare-dataset.js';

const shape = [1, 4, 4] as const;
const pixels = (length: number, changes: Partial<Split> = {}): Split => ({
  length,
  labels: Int32Array.from({ length }, (_, i) => i % 4),
  read: (index, into, offset) => void into.fill(index * 9, offset, offset + 16),
  ...changes,
});
const dataset = (changes: Partial<OpenDataset> = {}): OpenDataset => ({
  classes: 4,
  classNames: ['a', 'b', 'c', 'd'],
  imageShape: shape,
  normalization: { mean: [0.5], std: [0.25] },
  train: pixels(40),
  test: pixels(8),
  fingerprint: 'x',
  ...changes,
});
const prepare = async (opened: OpenDataset, options: Partial<Parameters<typeof prepareDataset>[1]> = {}) =>
  (await prepareDataset(opened, { id: 'own', ...options })).dataset;

describe('reading', () => {
  test.each<[string, Split['read'], string]>([
    [
      'too little',
      (index, into, offset) => into.set(new Uint8Array(10).fill(index * 9), offset),
      "split 'train' of data set 'own' cannot be used: reading sample 0 writes 10 of the 16 bytes that imageShape takes",
    ],
    ['nothing', () => undefined, 'writes 0 of the 16 bytes'],
    [
      'too much',
      (_, into, offset) => void into.fill(7, offset, offset + 20),
      'writes beyond the 16 bytes of an image',
    ],
  ])('%s is refused before anything is trained', async (_, read, message) => {
    await expect(prepare(dataset({ train: pixels(16, { read }) }))).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(message),
    });
  });

  test('a split that says nothing of how it is read is refused', async () => {
    await expect(prepare(dataset({ test: { length: 3, targets: noTargets } }))).rejects.toThrow(
      "split 'test' of data set 'own' has neither 'open' nor 'read'",
    );
  });
});

describe('splits', () => {
  test('a data set used as it is keeps its fingerprint', async () => {
    expect((await prepare(dataset())).fingerprint).toBe('x');
  });

  test('a part is cut off every class, the same for a seed', async () => {
    const split = { validation: 0.2, stratified: true, seed: 1 };
    const cut = await prepare(dataset(), { split });
    expect([cut.train.length, cut.test.length]).toEqual([32, 8]);
    expect([...labelsOf(targetsOf(cut.test))].sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    const bytes = (own: Split) =>
      Array.from({ length: own.length }, (_, i) => {
        const into = new Uint8Array(16);
        own.read!(i, into, 0);
        return into[0]! / 9;
      });
    const all = [...bytes(cut.train), ...bytes(cut.test)].sort((a, b) => a - b);
    expect(new Set(all).size).toBe(40);
    expect(bytes((await prepare(dataset(), { split })).test)).toEqual(bytes(cut.test));
    expect(bytes((await prepare(dataset(), { split: { ...split, seed: 2 } })).test)).not.toEqual(
      bytes(cut.test),
    );
    expect(cut.fingerprint).not.toBe('x');
  });

  test('what there is nothing to evaluate on says what to do', async () => {
    await expect(prepare({ ...dataset(), test: undefined } as never)).rejects.toMatchObject({
      code: 'PRECONDITION',
      hint: expect.stringContaining('validation: 0.1'),
    });
    await expect(prepare(dataset(), { evaluateOn: 'val' })).rejects.toThrow(/in 'val'/);
    const split = { test: 0.5, stratified: true, seed: 0 };
    await expect(prepare(dataset(), { split })).rejects.toThrow("data.split cuts 'test' off");
  });

  test('a test split whose labels are kept back is not evaluated on by itself', async () => {
    const splits = { validation: pixels(6) };
    const bare = { length: 8, read: pixels(8).read!, targets: noTargets };
    expect((await prepare(dataset({ splits, test: bare }))).test.length).toBe(6);
    expect((await prepare(dataset({ splits, test: bare }), { evaluateOn: 'test' })).test.length).toBe(8);
  });

  test('samples and classes are chosen', async () => {
    const chosen = await prepare(dataset(), {
      subset: { classes: ['d', 'b'], samples: { train: [3, 1, 0, 5] } },
    });
    expect(chosen.classNames).toEqual(['d', 'b']);
    expect([...labelsOf(targetsOf(chosen.train))]).toEqual([0, 1, 1]);
    await expect(prepare(dataset(), { subset: { classes: ['e'] } })).rejects.toThrow("there is no class 'e'");
    await expect(prepare(dataset(), { subset: { samples: { train: [40] } } })).rejects.toThrow(
      '40 is no sample',
    );
  });

  test('test images that are training images are counted', async () => {
    const hashOf = (index: number) => String(index % 7);
    const { notes } = await prepare(dataset({ train: pixels(5, { hashOf }), test: pixels(8, { hashOf }) }));
    expect(notes).toEqual([expect.stringContaining("6 of 8 images of 'test' are training images as well")]);
  });
});

describe('images', () => {
  const any: Split = {
    length: 6,
    targets: indexTargets(Int32Array.of(0, 1, 2, 3, 0, 1)),
    open: (index) => ({
      pixels: new Uint8Array(3 * (5 + index) * 6).fill(index * 40),
      shape: [3, 5 + index, 6],
    }),
  };
  const pictures = { imageShape: undefined, train: any, test: any } as unknown as Partial<OpenDataset>;

  test('of any size are brought to the one that is asked for', async () => {
    const { augment, dataset: ready } = await prepareDataset(dataset(pictures), {
      id: 'own',
      imageSize: 4,
      normalization: 'imagenet',
    });
    expect(ready.imageShape).toEqual([3, 4, 4]);
    expect(augment.map(({ contribution }) => contribution.id)).toEqual(['random-resized-crop', 'flip']);
    expect(ready.evaluation!.map(({ contribution }) => contribution.id)).toEqual(['resize', 'center-crop']);
    expect(ready.normalization.mean).toEqual([0.485, 0.456, 0.406]);
  });

  test('of any size without a word about it are refused', async () => {
    await expect(prepare(dataset(pictures))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('data.imageSize'),
    });
    const augment = [{ contribution: flip, options: { p: 0.5 } }];
    await expect(prepare(dataset({ ...pictures }), { augment })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('of one size are scaled where another is asked for', async () => {
    const augment = [{ contribution: padCrop, options: { pad: 2 } }];
    const made = await prepareDataset(dataset(), { id: 'own', imageSize: [8, 6], augment });
    expect(made.dataset.imageShape).toEqual([1, 8, 6]);
    expect(made.augment.map(({ contribution }) => contribution.id)).toEqual(['resize', 'pad-crop']);
  });

  test('are measured where nobody knows their mean and deviation', async () => {
    const { normalization } = await prepare(dataset(), { normalization: 'measure' });
    const values = Array.from({ length: 40 }, (_, i) => ((i * 9) % 256) / 255);
    const mean = values.reduce((sum, value) => sum + value, 0) / 40;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 40);
    expect(normalization.mean[0]).toBeCloseTo(mean, 6);
    expect(normalization.std[0]).toBeCloseTo(deviation, 6);
  });
});
