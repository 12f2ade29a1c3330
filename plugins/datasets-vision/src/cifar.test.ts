import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { labelsOf, targetsOf } from '@limbeck/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cifar10, cifar100 } from './cifar.js';

let folder: string;
const plane = 1024;
const context = { dataDir: '/nowhere' };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-cifar-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Images whose red is their number, green twice that, blue thrice. */
const record = (number: number, ...labels: number[]) =>
  Buffer.concat([Buffer.from(labels), ...[1, 2, 3].map((times) => Buffer.alloc(plane, number * times))]);

async function archive(inside: string, files: Record<string, Buffer | string>): Promise<string> {
  await mkdir(path.join(folder, inside), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(folder, inside, name), bytes);
  const file = path.join(folder, 'archive.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', folder, inside]);
  return file;
}

const lines = (count: number) => `${Array.from({ length: count }, (_, i) => `class ${i}`).join('\n')}\n`;

describe('cifar100', () => {
  const files = {
    'fine_label_names.txt': lines(100),
    'coarse_label_names.txt': lines(20),
    'train.bin': Buffer.concat([record(1, 4, 99), record(2, 19, 0), record(3, 0, 7)]),
    'test.bin': record(9, 3, 50),
  };

  test('the binary archive gives images and labels of both kinds', async () => {
    const file = await archive('cifar-100-binary', files);
    const fine = await cifar100.open({ path: file, labels: 'fine' }, context);
    expect([fine.classes, fine.classNames[99]]).toEqual([100, 'class 99']);
    expect([...labelsOf(targetsOf(fine.train!))]).toEqual([99, 0, 7]);
    const into = new Uint8Array(3 * plane);
    fine.train!.read!(1, into, 0);
    expect([into[0], into[plane], into[3 * plane - 1]]).toEqual([2, 4, 6]);
    const coarse = await cifar100.open({ path: file, labels: 'coarse' }, context);
    expect([...labelsOf(targetsOf(coarse.train!))]).toEqual([4, 19, 0]);
    expect(coarse.classes).toBe(20);
    expect(coarse.fingerprint).not.toBe(fine.fingerprint);
  });

  test.each([
    [
      'a label outside',
      { ...files, 'test.bin': record(9, 3, 100) },
      "image 0 of 'test' the label 100; there are 100 classes",
    ],
    [
      'half an image',
      { ...files, 'test.bin': record(9, 3, 1).subarray(0, 2000) },
      'which are no whole images',
    ],
    [
      'too few names',
      { ...files, 'fine_label_names.txt': lines(3) },
      'has 3 names of classes, expected are 100',
    ],
  ])('%s is refused', async (_, wrong, message) => {
    const file = await archive('cifar-100-binary', wrong);
    await expect(cifar100.open({ path: file, labels: 'fine' }, context)).rejects.toThrow(message);
  });

  test('another archive is refused', async () => {
    const file = await archive('other', { 'a.txt': 'hello' });
    await expect(cifar100.open({ path: file, labels: 'fine' }, context)).rejects.toThrow('names of classes');
    await writeFile(file, gzipSync('no archive'));
    await expect(cifar100.open({ path: file, labels: 'fine' }, context)).rejects.toThrow('names of classes');
    await writeFile(file, 'not packed');
    await expect(cifar100.open({ path: file, labels: 'fine' }, context)).rejects.toThrow(
      'is no archive of cifar100',
    );
  });
});

describe('cifar10', () => {
  test('the binary archive has five batches', async () => {
    const batches = Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, Buffer.concat([record(n, n), record(n + 10, 9)])]),
    );
    const file = await archive('cifar-10-batches-bin', {
      ...batches,
      'test_batch.bin': record(7, 0),
      'batches.meta.txt': lines(10),
    });
    const opened = await cifar10.open({ path: file, labels: 'fine' }, context);
    expect([...labelsOf(targetsOf(opened.train!))]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    const into = new Uint8Array(3 * plane);
    opened.train!.read!(9, into, 0);
    expect(into[0]).toBe(15);
    expect(opened.test!.length).toBe(1);
  });

  test('one that was not fetched is not found, with the command that fetches it', async () => {
    await expect(cifar10.open({ labels: 'fine' }, context)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining("'limbeck data fetch cifar10'"),
    });
  });
});

test('the pickled archive of Python 2 gives the same', async () => {
  // what cPickle wrote: texts are bytes, protocol 2; made by hand, since no Python 2 is there
  const text = (value: string) =>
    Buffer.concat([Buffer.from('U'), Buffer.from([value.length]), Buffer.from(value)]);
  const long = (bytes: Buffer) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from('T'), size, bytes]);
  };
  const number = (value: number) => Buffer.from([0x4b, value]);
  const shape = (rows: number) =>
    Buffer.concat([
      Buffer.from('('),
      number(rows),
      Buffer.from([0x4d, (3 * plane) & 255, (3 * plane) >> 8]),
      Buffer.from('t'),
    ]);
  const array = (rows: number, bytes: Buffer) =>
    Buffer.concat([
      Buffer.from('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n'),
      Buffer.concat([number(0), Buffer.from([0x85]), text('b'), Buffer.from([0x87, 0x52])]),
      Buffer.concat([Buffer.from('('), number(1), shape(rows)]),
      Buffer.concat([
        Buffer.from('cnumpy\ndtype\n'),
        text('u1'),
        number(0),
        number(1),
        Buffer.from([0x87, 0x52]),
      ]),
      Buffer.concat([
        Buffer.from('('),
        number(3),
        text('|'),
        Buffer.from('NNN'),
        Buffer.from('J\xff\xff\xff\xffJ\xff\xff\xff\xff', 'latin1'),
        number(0),
        Buffer.from('tb'),
      ]),
      Buffer.concat([Buffer.from([0x89]), long(bytes), Buffer.from('tb')]),
    ]);
  const list = (values: number[]) =>
    Buffer.concat([Buffer.from(']('), ...values.map(number), Buffer.from('e')]);
  const dict = (entries: [string, Buffer][]) =>
    Buffer.concat([
      Buffer.from([0x80, 2]),
      Buffer.from('}('),
      ...entries.flatMap(([key, value]) => [text(key), value]),
      Buffer.from('u.'),
    ]);
  const images = Buffer.concat([record(200), record(3)]);
  const names = (count: number) =>
    Buffer.concat([
      Buffer.from(']('),
      ...Array.from({ length: count }, (_, i) => text(`class ${i}`)),
      Buffer.from('e'),
    ]);
  const file = await archive('cifar-100-python', {
    train: dict([
      ['data', array(2, images)],
      ['fine_labels', list([99, 5])],
      ['coarse_labels', list([1, 2])],
    ]),
    test: dict([
      ['data', array(1, record(9))],
      ['fine_labels', list([50])],
      ['coarse_labels', list([3])],
    ]),
    meta: dict([
      ['fine_label_names', names(100)],
      ['coarse_label_names', names(20)],
    ]),
  });
  const opened = await cifar100.open({ path: file, labels: 'fine' }, context);
  expect([...labelsOf(targetsOf(opened.train!))]).toEqual([99, 5]);
  const into = new Uint8Array(3 * plane);
  opened.train!.read!(0, into, 0);
  expect([into[0], into[plane], into[2 * plane]]).toEqual([200, 400 & 255, 600 & 255]);
});
