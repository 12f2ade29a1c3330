import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, inflateRawSync } from 'node:zlib';
import { labelsOf, type OpenDataset, type Split, targetsOf } from '@limbeck/core';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageNet } from './imagenet.js';
import { tinyImageNet } from './tiny-imagenet.js';

let work: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'limbeck-imagenet-'));
});

afterAll(() => rm(work, { recursive: true }));

/** A picture by its first and last bytes alone; nothing here decodes. */
const jpeg = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(text), Buffer.from([0xff, 0xd9])]);

async function place(root: string, files: Record<string, Uint8Array>): Promise<string> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), bytes);
  }
  return root;
}

/** The texts of a split's pictures. */
async function textsOf(split: Split): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < split.length; i++) {
    const sample = (await split.open!(i)) as {
      file: string;
      offset?: number;
      length?: number;
      inflated?: number;
    };
    const whole = await readFile(sample.file);
    const part =
      sample.length === undefined ? whole : whole.subarray(sample.offset, sample.offset! + sample.length);
    const bytes = sample.inflated === undefined ? part : inflateRawSync(part);
    texts.push(bytes.subarray(4, -2).toString());
  }
  return texts;
}

const labels = (split: Split) => [...labelsOf(targetsOf(split))];

describe('tiny-imagenet-200', () => {
  const top = 'tiny-imagenet-200';
  const files = {
    [`${top}/wnids.txt`]: Buffer.from('n02\nn01\n'),
    [`${top}/train/n02/images/n02_0.JPEG`]: jpeg('b0'),
    [`${top}/train/n02/n02_boxes.txt`]: Buffer.from('x'),
    [`${top}/train/n01/images/n01_1.JPEG`]: jpeg(`a1 ${'long '.repeat(50)}`),
    [`${top}/train/n01/images/n01_0.JPEG`]: jpeg('a0'),
    [`${top}/val/images/val_0.JPEG`]: jpeg('v0'),
    [`${top}/val/images/val_1.JPEG`]: jpeg('v1'),
    [`${top}/val/val_annotations.txt`]: Buffer.from(
      'val_0.JPEG\tn02\t0\t0\t62\t62\nval_1.JPEG\tn01\t1\t1\t5\t5\n',
    ),
    [`${top}/test/images/test_0.JPEG`]: jpeg('t0'),
  };
  const open = (place: string, cacheDir?: string): Promise<OpenDataset> =>
    tinyImageNet.open({ path: place }, { dataDir: '/nowhere', ...(cacheDir && { cacheDir }) });

  async function check({ classNames, train, splits, ...rest }: OpenDataset): Promise<void> {
    expect(classNames).toEqual(['n01', 'n02']);
    const found = (await textsOf(train!)).map((text) => text.slice(0, 2));
    expect(Object.fromEntries(found.map((text, i) => [text, labels(train!)[i]]))).toEqual({
      a0: 0,
      a1: 0,
      b0: 1,
    });
    expect(await textsOf(splits!.validation!)).toEqual(['v0', 'v1']);
    expect(labels(splits!.validation!)).toEqual([1, 0]);
    expect(await textsOf(splits!.test!)).toEqual(['t0']);
    expect(targetsOf(splits!.test!).kind).toBe('none');
    expect(rest.fingerprint).toMatch(/^sha256:/);
  }

  test('the archive and the folder it unpacks to are read', async () => {
    const archive = path.join(work, 'tiny.zip');
    await writeFile(archive, zipSync(files));
    const cache = path.join(work, 'cache');
    await check(await open(archive, cache));
    // from what was kept
    await check(await open(archive, cache));
    await check(await open(path.join(await place(path.join(work, 'tiny'), files), top)));
  });

  test('validation pictures that were put into folders by class are read', async () => {
    const root = path.join(work, 'sorted', top);
    await place(path.join(work, 'sorted'), files);
    for (const [from, to] of [
      ['val_0', 'n02'],
      ['val_1', 'n01'],
    ]) {
      await mkdir(path.join(root, 'val', to!, 'images'), { recursive: true });
      await cp(
        path.join(root, 'val/images', `${from}.JPEG`),
        path.join(root, 'val', to!, 'images', `${from}.JPEG`),
      );
    }
    await rm(path.join(root, 'val/images'), { recursive: true });
    const { splits } = await open(root);
    expect(
      Object.fromEntries(
        (await textsOf(splits!.validation!)).map((text, i) => [text, labels(splits!.validation!)[i]]),
      ),
    ).toEqual({ v0: 1, v1: 0 });
  });

  test.each<[string, Record<string, Uint8Array>, string]>([
    ['another archive', { 'a/b.txt': Buffer.from('x') }, 'has no pictures in train/'],
    [
      'a class without training pictures',
      { ...files, [`${top}/val/val_annotations.txt`]: Buffer.from('val_0.JPEG\tn09\nval_1.JPEG\tn01\n') },
      'val_0.JPEG has the class n09, which no training picture has',
    ],
    [
      'a picture without a class',
      { ...files, [`${top}/val/val_annotations.txt`]: Buffer.from('val_0.JPEG\tn01\n') },
      'val_1.JPEG has no class',
    ],
    [
      'a bomb',
      { ...files, [`${top}/train/n01/images/bomb.JPEG`]: new Uint8Array(90 << 20) },
      'claim to unpack to',
    ],
  ])('%s is refused', async (_, content, message) => {
    const archive = path.join(work, 'bad.zip');
    await writeFile(archive, zipSync(content));
    await expect(open(archive)).rejects.toThrow(message);
  });

  test('names that lead outside the archive lead nowhere', async () => {
    const archive = path.join(work, 'outside.zip');
    await writeFile(archive, zipSync({ ...files, '../../etc/train/n01/images/x.JPEG': jpeg('x') }));
    const opened = await open(archive);
    expect(opened.train!.length).toBe(3);
  });
});

/** A tar archive of small files. */
function tar(files: Record<string, Uint8Array>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, data]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('imagenet', () => {
  // the kit's numbers are not in the order of ids: 1 is n02119789
  const training = {
    n02119789: { 'n02119789_7.JPEG': jpeg('fox 7') },
    n01440764: { 'n01440764_2.JPEG': jpeg('tench 2'), 'n01440764_1.JPEG': jpeg('tench 1') },
  };
  const validation = {
    'ILSVRC2012_val_00000002.JPEG': jpeg('tench'),
    'ILSVRC2012_val_00000001.JPEG': jpeg('fox'),
  };
  const kit = async (truth = '1\n2\n') => ({
    'ILSVRC2012_devkit_t12/data/meta.mat': await readFile(
      fileURLToPath(new URL('../test-data/meta.mat', import.meta.url)),
    ),
    'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': Buffer.from(truth),
  });
  const under = (folder: string, files: Record<string, Uint8Array>) =>
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));
  const open = (root: string): Promise<OpenDataset> =>
    imageNet.open({ path: root }, { dataDir: '/nowhere', cacheDir: path.join(work, 'cache') });

  async function check({ classNames, train, splits }: OpenDataset): Promise<void> {
    expect(classNames).toEqual(['n01440764', 'n02119789']);
    expect(await textsOf(train!)).toEqual(['tench 1', 'tench 2', 'fox 7']);
    expect(labels(train!)).toEqual([0, 0, 1]);
    const held = splits!.validation!;
    expect(Object.fromEntries((await textsOf(held)).map((text, i) => [text, labels(held)[i]]))).toEqual({
      tench: 0,
      fox: 1,
    });
    expect(new Set(Array.from({ length: 3 }, (_, i) => train!.hashOf!(i))).size).toBe(3);
    expect(train!.suspects).toEqual([]);
  }

  test('archives as published', async () => {
    const inner = Object.entries(training).map(([wnid, files]) => [`${wnid}.tar`, tar(files)]);
    const root = await place(path.join(work, 'published'), {
      'ILSVRC2012_img_train.tar': tar(Object.fromEntries(inner)),
      'ILSVRC2012_img_val.tar': tar(validation),
      'ILSVRC2012_devkit_t12.tar.gz': gzipSync(tar(await kit())),
    });
    await check(await open(root));
  });

  test('folders as torchvision makes them', async () => {
    const files = Object.entries(training).map(([wnid, own]) => under(`train/${wnid}`, own));
    const root = await place(path.join(work, 'folders'), {
      ...Object.assign({}, ...files),
      'val/n02119789/ILSVRC2012_val_00000001.JPEG': jpeg('fox'),
      'val/n01440764/ILSVRC2012_val_00000002.JPEG': jpeg('tench'),
    });
    await check(await open(root));
  });

  test('archives by class, validation pictures in one folder, the kit unpacked', async () => {
    const files = Object.entries(training).map(([wnid, own]) => [`train/${wnid}.tar`, tar(own)]);
    const root = await place(path.join(work, 'mixed'), {
      ...Object.fromEntries(files),
      ...under('val', validation),
      ...(await kit()),
    });
    await check(await open(root));
  });

  test.each<[string, string | undefined, string]>([
    ['no kit', undefined, 'the classes of the validation pictures'],
    ['too few lines', '1\n', 'has 2 validation pictures, the development kit knows 1'],
    ['a number of no class', '1\n7\n', "has '7' in line 2, which is no class"],
    ['a class that is not trained', '1\n3\n', 'has the class n03000684, which no training picture has'],
  ])('%s is refused', async (name, truth, message) => {
    const files = Object.entries(training).map(([wnid, own]) => under(`train/${wnid}`, own));
    const root = await place(path.join(work, name), {
      ...Object.assign({}, ...files),
      ...under('val', validation),
      ...(truth === undefined ? {} : await kit(truth)),
    });
    await expect(open(root)).rejects.toThrow(message);
  });

  test('what is not there says what to fetch', async () => {
    await expect(imageNet.open({}, { dataDir: work })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('ILSVRC2012_img_train.tar'),
    });
  });
});
