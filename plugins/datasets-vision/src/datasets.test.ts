import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { labelsOf, targetsOf } from '@limbeck/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fashionMnist, fashionMnistSubset } from './fashion-mnist.js';
import { mnist } from './mnist.js';

describe('fashion-mnist-subset', () => {
  test('holds 1,200 and 200 images of each class', async () => {
    const {
      train,
      test: testSplit,
      classes,
      imageShape,
      fingerprint,
    } = await fashionMnistSubset.open({}, { dataDir: '/nowhere' });
    const perClass = (labels: Int32Array) =>
      Array.from({ length: classes }, (_, label) => labels.filter((other) => other === label).length);
    expect(perClass(labelsOf(targetsOf(train!)))).toEqual(Array(10).fill(1200));
    expect(perClass(labelsOf(targetsOf(testSplit!)))).toEqual(Array(10).fill(200));
    expect(imageShape).toEqual([1, 28, 28]);
    // Changes only when the bundled images do; a new cut of the same images keeps it.
    expect(fingerprint).toMatchInlineSnapshot(
      `"sha256:0065ed5f9f2d2f512ebf7a3d6bebdcb96656db1de81926291197401d8592a015"`,
    );
  });
});

describe.each([
  ['fashion-mnist', fashionMnist],
  ['mnist', mnist],
])('%s', (id, dataset) => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'limbeck-datasets-'));
    await mkdir(path.join(dataDir, id));
    for (const [split, samples] of [
      ['train', 60_000],
      ['t10k', 10_000],
    ] as const) {
      const images = Buffer.alloc(16 + samples * 784);
      images.set([0, 0, 8, 3, 0, 0, samples >> 8, samples & 255, 0, 0, 0, 28, 0, 0, 0, 28]);
      const labels = Buffer.alloc(8 + samples, 9);
      labels.set([0, 0, 8, 1, 0, 0, samples >> 8, samples & 255]);
      const place = (name: string, bytes: Buffer) =>
        writeFile(path.join(dataDir, id, `${split}-${name}-ubyte.gz`), gzipSync(bytes, { level: 1 }));
      await place('images-idx3', images);
      await place('labels-idx1', labels);
    }
  });

  afterAll(() => rm(dataDir, { recursive: true }));

  test('opens the files where they were fetched to, or under path', async () => {
    const fetched = await dataset.open({}, { dataDir });
    expect([fetched.train!.length, fetched.test!.length]).toEqual([60_000, 10_000]);
    const named = await dataset.open({ path: path.join(dataDir, id) }, { dataDir: '/nowhere' });
    expect(named.fingerprint).toBe(fetched.fingerprint);
  });

  test('says how to get the files when path does not have them', async () => {
    await expect(dataset.open({ path: '/nowhere' }, { dataDir })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${id} is not in /nowhere`,
    });
  });

  test('declares the four published files', () => {
    expect(dataset.id).toBe(id);
    expect(dataset.files.map(({ name }) => name)).toEqual([
      'train-images-idx3-ubyte.gz',
      'train-labels-idx1-ubyte.gz',
      't10k-images-idx3-ubyte.gz',
      't10k-labels-idx1-ubyte.gz',
    ]);
    for (const { name, urls, sha256 } of dataset.files) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(urls.length).toBeGreaterThan(1);
      for (const url of urls) expect(url).toMatch(new RegExp(`^https?://.*/${name}$`));
    }
  });

  test('refuses unknown options', async () => {
    expect(await dataset.options!['~standard'].validate({ folder: 'x' })).toHaveProperty('issues');
  });
});

test('mnist that was not fetched is not found, with the command that fetches it', async () => {
  await expect(mnist.open({}, { dataDir: '/nowhere' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining("'limbeck data fetch mnist'"),
  });
});
