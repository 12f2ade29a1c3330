import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { labelsOf, type OpenDataset, type Split, targetsOf } from '@limbeck/core';
import { writeNpz } from '@limbeck/formats';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arrays, imageFolder, imageList, synthetic, webDataset } from './index.js';

let root: string;
// a picture by its first bytes alone; nothing here decodes
const jpeg = (text: string) =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(text), Buffer.from([0xff, 0xd9])]);

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'limbeck-files-'));
});

afterEach(() => rm(root, { recursive: true }));

async function place(...names: string[]): Promise<void> {
  for (const name of names) {
    const full = path.join(root, name);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, jpeg(name));
  }
}

const context = { dataDir: '/nowhere' };
const folder = (options: object = {}) =>
  imageFolder.open({ path: root, labels: 'folders', ...options } as never, context);
const names = (split: Split) =>
  Array.from({ length: split.length }, (_, i) => path.relative(root, split.nameOf!(i)));
const trainOf = ({ train, splits }: OpenDataset) => (train ?? splits?.train)!;

describe('image-folder', () => {
  test('classes and files come in the order of torchvision', async () => {
    await place(
      'b/2.jpg',
      'b/1.PNG',
      'a-b/x.jpg',
      'a/z/1.jpg',
      'a/2.jpg',
      'a/.hidden.jpg',
      'ä/1.jpg',
      'B/1.jpg',
      'a/notes.txt',
      'top.jpg',
    );
    const opened = await folder();
    expect(opened.classNames).toEqual(['B', 'a', 'a-b', 'b', 'ä']);
    expect(names(trainOf(opened))).toEqual([
      'B/1.jpg',
      'a/.hidden.jpg',
      'a/2.jpg',
      'a/z/1.jpg',
      'a-b/x.jpg',
      'b/1.PNG',
      'b/2.jpg',
      'ä/1.jpg',
    ]);
    expect([...labelsOf(targetsOf(trainOf(opened)))]).toEqual([0, 1, 1, 1, 2, 3, 3, 4]);
  });

  test('folders of splits are splits; names may hold anything', async () => {
    await place('train/two words/a b.jpg', 'train/🙂/new\nline.jpg', 'val/two words/1.jpg', 'test/🙂/1.jpg');
    const { splits, classNames } = await folder();
    expect(Object.keys(splits!).sort()).toEqual(['test', 'train', 'validation']);
    expect(classNames).toEqual(['two words', '🙂']);
    expect(names(splits!.train!)).toEqual(['train/two words/a b.jpg', 'train/🙂/new\nline.jpg']);
  });

  test('the fingerprint follows names and bytes, not the place or the time', async () => {
    await place('a/1.jpg', 'b/1.jpg');
    const { fingerprint } = await folder({ cacheDir: path.join(root, '.cache') });
    expect((await folder()).fingerprint).toBe(fingerprint);
    await writeFile(path.join(root, 'a/1.jpg'), jpeg('other'));
    expect((await folder()).fingerprint).not.toBe(fingerprint);
  });

  test('an index that was kept follows what changes', async () => {
    const cacheDir = await mkdtemp(path.join(tmpdir(), 'limbeck-cache-'));
    const open = () => imageFolder.open({ path: root, labels: 'folders' }, { dataDir: '/nowhere', cacheDir });
    await place('a/1.jpg', 'b/1.jpg');
    const first = await open();
    expect((await open()).fingerprint).toBe(first.fingerprint);
    await place('a/2.jpg');
    const second = await open();
    expect(trainOf(second).length).toBe(3);
    expect(second.fingerprint).toBe((await folder()).fingerprint);
    await rm(cacheDir, { recursive: true });
  });

  test('pictures without labels have none', async () => {
    await place('1.jpg', 'deep/2.jpg');
    const opened = await folder({ labels: 'none', classes: 7 });
    expect(opened.classes).toBe(7);
    expect(targetsOf(trainOf(opened)).kind).toBe('none');
    expect(names(trainOf(opened))).toEqual(['1.jpg', 'deep/2.jpg']);
  });

  test('what may be damaged is marked', async () => {
    await place('a/good.jpg');
    await writeFile(path.join(root, 'a/empty.jpg'), '');
    await writeFile(path.join(root, 'a/text.jpg'), 'hello');
    await writeFile(path.join(root, 'a/cut.jpg'), jpeg('x'.repeat(100)).subarray(0, 50));
    await symlink(path.join(root, 'gone.jpg'), path.join(root, 'a/link.jpg'));
    const train = trainOf(await folder());
    expect(train.suspects!.map((sample) => path.basename(train.nameOf!(sample))).sort()).toEqual([
      'cut.jpg',
      'empty.jpg',
      'link.jpg',
      'text.jpg',
    ]);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['an empty folder', async () => undefined, 'has no pictures'],
    ['pictures without classes', () => place('1.jpg'), 'has pictures, but none in a folder for its class'],
    [
      'a class of test alone',
      () => place('train/a/1.jpg', 'test/b/1.jpg'),
      "has the class 'b' in 'test', which no training picture has",
    ],
    [
      'a loop of links',
      async () => {
        await place('a/1.jpg');
        await symlink(root, path.join(root, 'a/loop'));
      },
      'a/loop is a link to a folder that it lies in',
    ],
  ])('%s is refused', async (_, make, message) => {
    await make();
    await expect(folder()).rejects.toThrow(message);
  });

  test('a folder that is not there is not found', async () => {
    await expect(folder({ path: '/nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('image-list', () => {
  const list = async (name: string, text: string, options: object = {}) => {
    await writeFile(path.join(root, name), text);
    return imageList.open({ path: path.join(root, name), ...options }, context);
  };

  test.each([
    ['a.csv', '\uFEFFpath,label,split\n1.jpg,"zwei, drei",train\n2.jpg,猫,train\n3.jpg,猫,val\n'],
    ['a.tsv', 'split\tfile\tclass\ntrain\t1.jpg\tzwei, drei\ntrain\t2.jpg\t猫\nval\t3.jpg\t猫\n'],
    [
      'a.jsonl',
      '{"path":"1.jpg","label":"zwei, drei"}\n\n{"path":"2.jpg","label":"猫","split":"train"}\n{"path":"3.jpg","label":"猫","split":"val"}\n',
    ],
  ])('%s names pictures', async (name, text) => {
    await place('1.jpg', '2.jpg', '3.jpg');
    const { classNames, splits } = await list(name, text);
    expect(classNames).toEqual(['zwei, drei', '猫']);
    expect(names(splits!.train!)).toEqual(['1.jpg', '2.jpg']);
    expect([...labelsOf(targetsOf(splits!.validation!))]).toEqual([1]);
  });

  test('labels that are numbers are indices', async () => {
    await place('1.jpg', '2.jpg');
    const opened = await list('a.csv', 'path,label\n1.jpg,2\n2.jpg,0\n', { classNames: ['x', 'y', 'z'] });
    expect(opened.classNames).toEqual(['x', 'y', 'z']);
    expect([...labelsOf(targetsOf(trainOf(opened)))]).toEqual([2, 0]);
  });

  test.each([
    ['no column for paths', 'name,label\nx,1\n', {}, 'has no column for paths: its columns are name, label'],
    ['no lines', 'path,label\n', {}, 'has no column for paths'],
    ['a missing label', 'path,label\n1.jpg,a\n1.jpg,\n', {}, 'has no label in line 3'],
    [
      'a label outside',
      'path,label\n1.jpg,0\n1.jpg,3\n',
      { classNames: ['a', 'b'] },
      'has the label 3 in line 3; there are 2 classes',
    ],
    ['a file that is not there', 'path,label\ngone.jpg,a\n', {}, 'gone.jpg, which'],
    ['odd lines', 'path,label\n1.jpg\n', {}, 'is no table'],
  ])('%s is refused', async (_, text, options, message) => {
    await place('1.jpg');
    await expect(list('a.csv', text, options)).rejects.toThrow(message);
  });
});

describe('arrays', () => {
  test('images of both layouts, bytes and floats, are the same', async () => {
    const bytes = Uint8Array.from({ length: 2 * 4 * 5 * 3 }, (_, i) => i * 2);
    const planes = new Uint8Array(bytes.length);
    for (let n = 0; n < 2; n++)
      for (let p = 0; p < 20; p++)
        for (let c = 0; c < 3; c++) planes[n * 60 + c * 20 + p] = bytes[n * 60 + p * 3 + c]!;
    const labels = { dtype: 'int32', shape: [2, 1], data: Int32Array.of(1, 0) } as const;
    const read = async (name: string, images: object) => {
      const tensors = new Map(Object.entries({ train_images: images, train_labels: labels })) as never;
      await writeFile(path.join(root, name), writeNpz(tensors));
      const opened = await arrays.open({ path: path.join(root, name), layout: 'auto' }, context);
      expect(opened.imageShape).toEqual([3, 4, 5]);
      expect([...labelsOf(targetsOf(trainOf(opened)))]).toEqual([1, 0]);
      const into = new Uint8Array(60);
      trainOf(opened).read!(1, into, 0);
      return [...into];
    };
    const expected = [...planes.subarray(60)];
    expect(
      await read('a.npz', {
        dtype: 'float32',
        shape: [2, 4, 5, 3],
        data: Float32Array.from(bytes, (b) => b / 255),
      }),
    ).toEqual(expected);
    expect(
      await read('b.npz', {
        dtype: 'float32',
        shape: [2, 3, 4, 5],
        data: Float32Array.from(planes, (b) => b / 255),
      }),
    ).toEqual(expected);
  });
});

/** A tar archive of small files. */
function tar(files: Record<string, string | Buffer>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const data = Buffer.from(content as string);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('webdataset', () => {
  const open = (options: object = {}) =>
    webDataset.open({ path: root, labelKey: 'label', ...options } as never, context);

  test('samples are found in shards, with labels of both kinds', async () => {
    await writeFile(
      path.join(root, 'train-000.tar'),
      tar({
        'x/1.jpg': jpeg('1'),
        'x/1.cls': '1',
        'x/2.seg.json': '{}',
        'x/2.jpg': jpeg('2'),
        'x/2.json': '{"label": 0}',
      }),
    );
    await writeFile(path.join(root, 'val-000.tar'), tar({ '9.png': 'p', '9.cls': '1\n' }));
    const { splits, classes } = await open();
    expect(classes).toBe(2);
    expect([...labelsOf(targetsOf(splits!.train!))]).toEqual([1, 0]);
    expect(await splits!.train!.open!(0)).toMatchObject({ offset: 512, length: jpeg('1').length });
    expect(splits!.validation!.length).toBe(1);
  });

  test('shards are read one after the other where a buffer is asked for', async () => {
    const shard = (...names: string[]) =>
      tar(
        Object.fromEntries(
          names.flatMap((name) => [
            [`${name}.jpg`, jpeg(name)],
            [`${name}.cls`, '0'],
          ]),
        ),
      );
    await writeFile(path.join(root, 'train-000.tar'), shard('a', 'b', 'c'));
    await writeFile(path.join(root, 'train-001.tar'), shard('d', 'e'));
    const [whole, buffered] = [await open(), await open({ shuffleBuffer: 100 })];
    expect(whole.splits!.train!.readTogether).toBeUndefined();
    expect(buffered.splits!.train!.readTogether).toEqual({
      groups: Int32Array.of(0, 0, 0, 1, 1),
      buffer: 100,
    });
    expect(buffered.fingerprint).not.toBe(whole.fingerprint);
  });

  test.each([
    ['a way out', { '../1.jpg': 'x' }, "the entry '../1.jpg' leads outside the archive"],
    ['an absolute name', { '/etc/1.jpg': 'x' }, 'leads outside the archive'],
  ])('%s is refused', async (_, files, message) => {
    await writeFile(path.join(root, 'train.tar'), tar(files));
    await expect(open()).rejects.toThrow(message);
  });

  test('a shard cut short is refused', async () => {
    await writeFile(
      path.join(root, 'train.tar'),
      tar({ '1.jpg': 'x'.repeat(2000), '1.cls': '0' }).subarray(0, 2048),
    );
    await expect(open()).rejects.toThrow('cut short');
  });
});

test('synthetic pictures follow from their numbers', async () => {
  const options = { size: 8, channels: 3, classes: 3, train: 6, test: 3, noise: 0.2 } as const;
  const read = async () => {
    const { train } = await synthetic.open(options, context);
    const into = new Uint8Array(192);
    train!.read!(4, into, 0);
    return [...into];
  };
  expect(await read()).toEqual(await read());
});
