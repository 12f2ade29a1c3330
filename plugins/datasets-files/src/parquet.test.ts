import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import type { OpenDataset, Split } from '@limbeck/core';
import { targetsOf } from '@limbeck/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parquet } from './index.js';

// written by pyarrow: see scripts/make-parquet.py
const data = fileURLToPath(new URL('../test-data/parquet/', import.meta.url));
let work: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'limbeck-parquet-'));
});

afterAll(() => rm(work, { recursive: true }));

const open = (name: string, options: object = {}, cacheDir?: string): Promise<OpenDataset> =>
  parquet.open(
    { path: path.resolve(data, name), ...options },
    { dataDir: '/nowhere', ...(cacheDir && { cacheDir }) },
  );

/** The number a picture was made from. */
async function numberOf(split: Split, sample: number): Promise<number> {
  const opened = await split.open!(sample);
  if ('pixels' in opened) throw new Error('not encoded');
  let bytes: Uint8Array;
  if ('bytes' in opened) bytes = opened.bytes;
  else {
    bytes = (await readFile(opened.file)).subarray(opened.offset, opened.offset! + opened.length!);
  }
  const png = Buffer.from(bytes);
  const at = png.indexOf('IDAT');
  // behind the filter of the first row
  return inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))[1]!;
}

const numbers = (split: Split) =>
  Promise.all(Array.from({ length: split.length }, (_, sample) => numberOf(split, sample)));

describe.each([
  ['with a cache', true],
  ['without a cache', false],
])('%s', (_, isKept) => {
  test('shards of a data set from the hub are one, in their order', async () => {
    const opened = await open('hub', {}, isKept ? path.join(work, 'cache') : undefined);
    expect(opened.classNames).toEqual(['gamma ray', 'alpha', 'été']);
    const { train, test: held } = opened.splits!;
    expect(await numbers(train!)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(targetsOf(train!)).toEqual({ kind: 'index', values: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2) });
    expect(await numbers(held!)).toEqual([20, 21]);
    expect(targetsOf(held!).kind).toBe('none');
    expect(train!.nameOf!(6)).toBe(path.join(data, 'hub/data/train-00001-of-00002.parquet row 1'));
  });

  test('bytes under other names, with names for labels', async () => {
    const opened = await open(
      'plain.parquet',
      { image: 'picture', label: 'kind' },
      isKept ? path.join(work, 'cache') : undefined,
    );
    expect(opened.classNames).toEqual(['ant', 'zebra']);
    expect(await numbers(opened.splits!.train!)).toEqual([0, 1, 2, 3]);
    expect(targetsOf(opened.splits!.train!)).toEqual({ kind: 'index', values: Int32Array.of(1, 0, 1, 0) });
  });
});

test('row groups are read when they are needed, one at a time', async () => {
  const { train } = (await open('hub')).splits!;
  const bytes = await Promise.all(
    [0, 1].map(async (sample) => (await train!.open!(sample)) as { bytes: Uint8Array }),
  );
  const again = (await train!.open!(0)) as { bytes: Uint8Array };
  // of the same group
  expect(again.bytes).toBe(bytes[0]!.bytes);
  await train!.open!(3);
  expect(((await train!.open!(0)) as { bytes: Uint8Array }).bytes).not.toBe(bytes[0]!.bytes);
});

test('pictures are unpacked once, wherever the files lie, and the same ones once', async () => {
  const cache = path.join(work, 'moved');
  const told: string[] = [];
  const at = async (folder: string) => {
    const report = (line: string) => void told.push(line);
    const opened = await parquet.open({ path: folder }, { dataDir: '/nowhere', cacheDir: cache, report });
    return opened.fingerprint;
  };
  const first = await at(path.join(data, 'hub'));
  const copy = path.join(work, 'copy');
  await cp(path.join(data, 'hub'), copy, { recursive: true });
  expect(told.filter((line) => line.startsWith('unpacking'))).not.toEqual([]);
  told.length = 0;
  expect(await at(copy)).toBe(first);
  expect(told.filter((line) => line.startsWith('unpacking'))).toEqual([]);
  expect((await readdir(path.join(cache, 'unpacked'))).every((name) => name.endsWith('.pictures'))).toBe(
    true,
  );

  const { train } = (await open('shared.parquet', {}, cache)).splits!;
  const places = await Promise.all([0, 5].map((sample) => train!.open!(sample)));
  expect(places[0]).toEqual(places[1]);
  expect(train!.hashOf!(0)).toBe(train!.hashOf!(5));
});

describe('refused', () => {
  test.each<[string, object, string]>([
    ['no-picture.parquet', {}, 'no-picture.parquet row 2 has no picture'],
    ['outside.parquet', {}, "row 1 names the picture 'photos/1.png' and does not hold it"],
    ['no-label.parquet', {}, 'no-label.parquet row 1 has no label'],
    ['label-too-large.parquet', {}, 'row 1 has the label 3; there are 3 classes'],
    ['fraction.parquet', {}, "row 0 has 0.5 in the column 'label', which is no label"],
    ['no-columns.parquet', {}, 'has no column of pictures: its columns are text, tokens'],
    ['hub', { image: 'photo' }, "has no column 'photo': its columns are image, label"],
    ['hub', { label: 'fine' }, "has no column 'fine': its columns are image, label"],
    ['plain.parquet', {}, 'has no column of pictures: its columns are picture, kind'],
  ])('%s %j', async (name, options, message) => {
    await expect(open(name, options, path.join(work, 'cache'))).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  test.each([
    ['no Parquet', 'hello'],
    ['empty', ''],
  ])('a file that is %s', async (_, text) => {
    const file = path.join(work, 'x.parquet');
    await writeFile(file, text);
    await expect(open(file)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(file),
    });
  });

  test('a file cut short', async () => {
    const whole = await readFile(path.join(data, 'plain.parquet'));
    const file = path.join(work, 'cut.parquet');
    await writeFile(file, Buffer.concat([whole.subarray(0, 40), whole.subarray(200)]));
    await expect(
      open(file, { image: 'picture', label: 'kind' }, path.join(work, 'cache')),
    ).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(file),
    });
  });
});
