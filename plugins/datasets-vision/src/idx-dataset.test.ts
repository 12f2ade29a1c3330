import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isLimbeckError, type LimbeckError, labelsOf, targetsOf } from '@limbeck/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type IdxLayout, openIdxDataset } from './idx-dataset.js';

const layout: IdxLayout = {
  id: 'tiny',
  samples: { train: 3, test: 2 },
  imageSize: [2, 2],
  classNames: ['a', 'b', 'c'],
  normalization: { mean: [0.5], std: [0.25] },
};

/** Images [N, 2, 2] whose first byte is their label and whose last is their index. */
const images = (labels: readonly number[]) =>
  Buffer.concat([
    words(0x803, labels.length, 2, 2),
    Buffer.from(labels.flatMap((label, i) => [label, 0, 0, i & 255])),
  ]);
const classes = (labels: readonly number[]) =>
  Buffer.concat([words(0x801, labels.length), Buffer.from(labels)]);

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes;
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-vision-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function place(train: readonly number[], test: readonly number[], into = folder): Promise<void> {
  await mkdir(into, { recursive: true });
  const files = {
    'train-images-idx3-ubyte.gz': images(train),
    'train-labels-idx1-ubyte.gz': classes(train),
    't10k-images-idx3-ubyte.gz': images(test),
    't10k-labels-idx1-ubyte.gz': classes(test),
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(into, name), gzipSync(bytes));
}

async function failure(run: Promise<unknown>): Promise<LimbeckError> {
  const error = await run.then(
    () => undefined,
    (reason) => reason,
  );
  if (!isLimbeckError(error)) throw error ?? new Error('nothing was thrown');
  return error;
}

const open = (...folders: string[]) => openIdxDataset(layout, folders.length ? folders : [folder], 'do this');

describe('openIdxDataset', () => {
  test('gives images, labels and what is known of them', async () => {
    await place([2, 0, 1], [1, 1]);
    const { train, test: testSplit, ...about } = await open();
    expect(about).toEqual({
      classes: 3,
      classNames: ['a', 'b', 'c'],
      imageShape: [1, 2, 2],
      normalization: { mean: [0.5], std: [0.25] },
      fingerprint: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect([train!.length, testSplit!.length]).toEqual([3, 2]);
    expect(labelsOf(targetsOf(train!))).toEqual(Int32Array.of(2, 0, 1));
    const into = new Uint8Array(6);
    train!.read!(2, into, 1);
    expect([...into]).toEqual([0, 1, 0, 0, 2, 0]);
    expect(() => train!.read!(3, into, 0)).toThrow('image 3 is outside [0, 3)');
    expect(() => train!.read!(-1, into, 0)).toThrow('image -1 is outside [0, 3)');
  });

  test('the fingerprint follows the data, not its packing', async () => {
    await place([2, 0, 1], [1, 1]);
    const before = await open();
    const packed = path.join(folder, 'train-images-idx3-ubyte.gz');
    await writeFile(path.join(folder, 'train-images-idx3-ubyte'), gunzipSync(await readFile(packed)));
    await rm(packed);
    expect((await open()).fingerprint).toBe(before.fingerprint);
    await place([2, 0, 1], [1, 2]);
    expect((await open()).fingerprint).not.toBe(before.fingerprint);
  });

  test('takes the first folder that has all four files', async () => {
    const [first, second] = [path.join(folder, 'first'), path.join(folder, 'second')];
    await place([0, 0, 0], [0, 0], first);
    await place([1, 1, 1], [1, 1], second);
    expect(labelsOf(targetsOf((await open(first, second)).train!))[0]).toBe(0);
    await rm(path.join(first, 't10k-labels-idx1-ubyte.gz'));
    expect(labelsOf(targetsOf((await open(first, second)).train!))[0]).toBe(1);
  });

  test('names the folders when none has all files', async () => {
    const error = await failure(open(folder, '/nowhere'));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.message).toBe(`tiny is not in ${folder} nor in /nowhere`);
    expect(error.hint).toBe('do this');
    expect(error.details.missing).toHaveLength(8);
  });

  test.each([
    [
      'a label outside the classes',
      [0, 3, 1],
      'train-labels-idx1-ubyte.gz gives sample 1 the label 3; there are 3 classes',
    ],
    ['too few images', [0, 1], 'train-images-idx3-ubyte.gz has the shape [2, 2, 2], expected is [3, 2, 2]'],
    [
      'too many images',
      [0, 1, 2, 0],
      'train-images-idx3-ubyte.gz unpacks to more than the 28 bytes it can need',
    ],
  ])('refuses %s', async (_, train, message) => {
    await place(train, [1, 1]);
    const error = await failure(open());
    expect(error.code).toBe('BAD_DATA');
    expect(error.message).toBe(path.join(folder, message));
  });

  test('refuses fewer labels than images', async () => {
    await place([0, 1, 2], [1, 1]);
    await writeFile(path.join(folder, 't10k-labels-idx1-ubyte.gz'), gzipSync(classes([1])));
    const error = await failure(open());
    expect(error.message).toContain('t10k-labels-idx1-ubyte.gz has the shape [1], expected is [2]');
  });
});

describe('scripts/cut-subset.mjs', () => {
  test('keeps the first of each class in the order of the file, the same bytes every time', async () => {
    const source = path.join(folder, 'source');
    // The classes are mixed and unevenly spread: class 0 comes twice as often.
    const mixed = (length: number) => Array.from({ length }, (_, i) => Math.max(0, ((i * 7) % 11) - 1));
    await place(mixed(13_300), mixed(2_300), source);
    const script = fileURLToPath(new URL('../scripts/cut-subset.mjs', import.meta.url));
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')];
    for (const target of [one, two]) execFileSync(process.execPath, [script, source, target]);

    for (const [split, perClass, all] of [
      ['train', 1200, mixed(13_300)],
      ['t10k', 200, mixed(2_300)],
    ] as const) {
      const taken = new Map<number, number>();
      const kept = all.flatMap((label, index) => {
        const before = taken.get(label) ?? 0;
        taken.set(label, before + 1);
        return before < perClass ? [index] : [];
      });
      const [imagesFile, labelsFile] = [`${split}-images-idx3-ubyte.gz`, `${split}-labels-idx1-ubyte.gz`];
      const cutLabels = gunzipSync(await readFile(path.join(one, labelsFile)));
      expect(cutLabels.equals(classes(kept.map((index) => all[index]!)))).toBe(true);
      const cutImages = gunzipSync(await readFile(path.join(one, imagesFile)));
      const expected = Buffer.from(kept.flatMap((index) => [all[index]!, 0, 0, index & 255]));
      expect(cutImages.equals(Buffer.concat([words(0x803, kept.length, 2, 2), expected]))).toBe(true);
      for (const name of [imagesFile, labelsFile]) {
        expect((await readFile(path.join(one, name))).equals(await readFile(path.join(two, name)))).toBe(
          true,
        );
      }
    }
  });
});
