import { appendFileSync, cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderWith, limbeck } from '../testing/command-line.js';

/** Small pictures of every format. */
const pictures = fileURLToPath(new URL('../../../data/src/decode/pictures/', import.meta.url));
let home: string;
let photos: string;

beforeAll(() => {
  home = folderWith();
  photos = path.join(home, 'photos');
  const place = (from: string, to: string) => {
    mkdirSync(path.dirname(path.join(photos, to)), { recursive: true });
    cpSync(path.join(pictures, from), path.join(photos, to));
  };
  place('rgb.jpg', 'train/cat/1.jpg');
  place('grey.jpg', 'train/cat/2.jpg');
  place('rgb.jpg', 'train/dog/copy of a cat.jpg');
  place('palette.png', 'train/dog/3.png');
  place('rgb.jpg', 'val/cat/again.jpg');
  writeFileSync(path.join(photos, 'train/dog/empty.jpg'), '');
});

describe('limbeck data stats', () => {
  it('counts what is in a folder', async () => {
    const { code, stdout, stderr } = await limbeck(
      ['data', 'stats', photos, '--json', '--sheet', 's.png'],
      home,
    );
    expect([code, stderr]).toEqual([0, '']);
    const found = JSON.parse(stdout);
    expect(found.classNames).toEqual(['cat', 'dog']);
    const { train, validation } = found.splits;
    expect(train).toMatchObject({ samples: 5, perClass: [2, 3], grey: 1, colour: 3 });
    expect(train.mean).toHaveLength(3);
    expect(train.bad).toEqual([
      {
        index: 4,
        name: path.join(photos, 'train/dog/empty.jpg'),
        reason: expect.stringContaining('is empty'),
      },
    ]);
    expect(validation.samples).toBe(1);
    expect(found.duplicates).toMatchObject({
      within: { train: 1, validation: 0 },
      trained: { validation: 1 },
      contradictions: 1,
    });
    // a PNG of four rows and eight columns of 224 pixels with lines between them
    const png = readFileSync(path.join(home, 's.png'));
    expect([png.toString('latin1', 1, 4), png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([
      'PNG',
      8 * 228 + 4,
      4 * 228 + 4,
    ]);
    expect(found.sheet.rows).toHaveLength(4);
  });

  it('says it in words', async () => {
    const { stdout } = await limbeck(['data', 'stats', 'image-folder', '--set', `data.path=${photos}`], home);
    expect(stdout).toContain('train: 5 samples');
    expect(stdout).toContain('2 classes of 2 to 3 samples');
    expect(stdout).toContain("1 samples of 'train' are copies of others there");
    expect(stdout).toContain("1 of 1 samples of 'validation' are training samples as well");
    expect(stdout).toContain('1 training pictures have several labels');
  });

  it('measures what the made pictures are', async () => {
    const set = ['size=4', 'train=20', 'test=4', 'noise=0'].flatMap((own) => ['--set', `data.${own}`]);
    const { stdout } = await limbeck(['data', 'stats', 'synthetic', '--json', ...set], home);
    const { train } = JSON.parse(stdout).splits;
    expect(train).toMatchObject({ samples: 20, sizes: [{ width: 4, height: 4, pictures: 20 }], bad: [] });
    for (const mean of train.mean) expect(Math.abs(mean - 0.5)).toBeLessThan(0.1);
  });

  it('asks for a name where there is no configuration', async () => {
    const { code, stderr } = await limbeck(['data', 'stats'], home);
    expect(code).toBe(2);
    expect(stderr).toContain('no data set is named');
  });
});

describe('limbeck data verify', () => {
  const verify = (folder: string) => limbeck(['data', 'verify', folder, '--json'], home);

  it('names pictures that cannot be loaded', async () => {
    const { code, stdout } = await verify(photos);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error.details.bad).toEqual([
      expect.objectContaining({ split: 'train', name: expect.stringContaining('empty.jpg') }),
    ]);
    expect(stdout).toContain('1 samples cannot be loaded');
  });

  it('sees bytes that changed behind the back of the index', async () => {
    const copy = path.join(home, 'copy');
    cpSync(photos, copy, { recursive: true });
    const empty = path.join(copy, 'train/dog/empty.jpg');
    cpSync(path.join(pictures, 'palette.png'), empty);
    utimesSync(empty, 1e9, 1e9);
    expect(await verify(copy)).toMatchObject({ code: 0 });
    const bytes = readFileSync(empty);
    // a comment after the end of the picture, of the same length
    writeFileSync(empty, bytes.subarray(0, -1));
    appendFileSync(empty, Buffer.of(bytes.at(-1)! ^ 1));
    utimesSync(empty, 1e9, 1e9);
    const { code, stdout } = await verify(copy);
    expect(code).toBe(1);
    expect(stdout).toContain('files have changed without a change of their sizes and times');
  });
});
