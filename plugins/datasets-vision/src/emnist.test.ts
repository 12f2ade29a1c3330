import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { labelsOf, type OpenDataset, targetsOf } from '@limbeck/core';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emnist } from './emnist.js';

let work: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'limbeck-emnist-'));
});

afterAll(() => rm(work, { recursive: true }));

function idx(shape: readonly number[], values: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length);
  for (const [i, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * i);
  return gzipSync(Buffer.concat([header, values]));
}

/** Files of one part whose images have one bright pixel: 3 to the right and 20 down, stored with both exchanged. */
function filesOf(part: string, labels: readonly number[]): Record<string, Uint8Array> {
  const pixels = new Uint8Array(labels.length * 784);
  labels.forEach((label, i) => {
    pixels[i * 784 + 3 * 28 + 20] = label;
  });
  const files = ['train', 'test'].flatMap((split) => [
    [`gzip/emnist-${part}-${split}-images-idx3-ubyte.gz`, idx([labels.length, 28, 28], pixels)],
    [`gzip/emnist-${part}-${split}-labels-idx1-ubyte.gz`, idx([labels.length], Uint8Array.from(labels))],
  ]);
  return Object.fromEntries(files);
}

const open = (place: string, part: string) =>
  emnist.open({ path: place, part } as never, { dataDir: '/nowhere' }) as Promise<OpenDataset>;

test('images are upright, from the archive and from a folder, labels of letters from 0', async () => {
  const files = { ...filesOf('letters', [1, 26, 5]), ...filesOf('balanced', [46, 0]) };
  const archive = path.join(work, 'gzip.zip');
  await writeFile(archive, zipSync(files, { level: 0 }));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(work, name)), { recursive: true });
    await writeFile(path.join(work, name), bytes);
  }
  const [packed, unpacked] = [await open(archive, 'letters'), await open(path.join(work, 'gzip'), 'letters')];
  expect(packed.fingerprint).toBe(unpacked.fingerprint);
  expect(packed.classNames).toHaveLength(26);
  expect([...labelsOf(targetsOf(packed.train!))]).toEqual([0, 25, 4]);
  const image = new Uint8Array(784);
  packed.train!.read!(1, image, 0);
  expect(image.findIndex((value) => value > 0)).toBe(20 * 28 + 3);
  const balanced = await open(archive, 'balanced');
  expect([balanced.classNames[46], balanced.classNames[0]]).toEqual(['t', '0']);
  await expect(open(archive, 'digits')).rejects.toThrow('has no emnist-digits-train-images-idx3-ubyte.gz');
});

test.each([
  ['letters', [0, 1], 'the label 0; there are 26 classes'],
  ['digits', [0, 10], 'the label 10; there are 10 classes'],
])('labels outside the classes of %s are refused', async (part, labels, message) => {
  const archive = path.join(work, 'bad.zip');
  await writeFile(archive, zipSync(filesOf(part, labels)));
  await expect(open(archive, part)).rejects.toMatchObject({
    code: 'BAD_DATA',
    message: expect.stringContaining(message),
  });
});

test('what was not fetched says how', async () => {
  await expect(emnist.open({ part: 'balanced' }, { dataDir: work })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining('limbeck data fetch emnist'),
  });
});
