import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isLimbeckError, type OpenDataset } from '@limbeck/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arrays, imageFolder, imageList, webDataset } from './index.js';

let root: string;
const jpeg = (text: string) =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(text), Buffer.from([0xff, 0xd9])]);
const context = { dataDir: '/nowhere' };

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'limbeck-bad-'));
  await mkdir(path.join(root, 'a'));
  await writeFile(path.join(root, 'a/good.jpg'), jpeg('x'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const pipe = (name: string) => void execFileSync('mkfifo', [path.join(root, name)]);
const folder = (): Promise<OpenDataset> => imageFolder.open({ path: root, labels: 'folders' }, context);
const suspects = async () => {
  const { train } = (await folder()).splits!;
  return train!.suspects!.map((sample) => path.relative(root, train!.nameOf!(sample)));
};

describe.skipIf(process.platform === 'win32')('what is no file', () => {
  test('a pipe, a device and a socket among pictures are marked, and nothing waits for them', async () => {
    pipe('a/pipe.jpg');
    await symlink('/dev/zero', path.join(root, 'a/zero.jpg'));
    const server = createServer();
    await new Promise<void>((done) => server.listen(path.join(root, 'a/socket.jpg'), done));
    expect((await suspects()).sort()).toEqual(['a/pipe.jpg', 'a/socket.jpg', 'a/zero.jpg']);
    server.close();
  });

  test.each<[string, () => Promise<unknown>]>([
    ['x.csv', () => imageList.open({ path: path.join(root, 'x.csv') }, context)],
    ['x.npz', () => arrays.open({ path: path.join(root, 'x.npz'), layout: 'auto' }, context)],
    ['train.tar', () => webDataset.open({ path: root, labelKey: 'label' }, context)],
  ])('a pipe called %s is refused with its name', async (name, open) => {
    pipe(name);
    const error = await open().then(
      () => undefined,
      (reason) => reason,
    );
    expect(isLimbeckError(error) && error.message).toContain(path.join(root, name));
    expect((error as Error).message).toContain('it is a pipe and no file');
  });

  test('a pipe that a list names is refused', async () => {
    pipe('a/pipe.jpg');
    await writeFile(path.join(root, 'l.csv'), 'path,label\na/good.jpg,x\na/pipe.jpg,x\n');
    await expect(imageList.open({ path: path.join(root, 'l.csv') }, context)).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringContaining('pipe.jpg'),
    });
  });

  test.skipIf(process.getuid?.() === 0)('a file that cannot be read is marked', async () => {
    await writeFile(path.join(root, 'a/secret.jpg'), jpeg('y'));
    await chmod(path.join(root, 'a/secret.jpg'), 0);
    expect(await suspects()).toEqual(['a/secret.jpg']);
  });
});

test('names with spaces, line breaks, quotes and emoji are read and named as they are', async () => {
  const odd = ['two words.jpg', 'new\nline.jpg', 'quote".jpg', '🙂.jpg', '%41.jpg'];
  for (const name of odd) await writeFile(path.join(root, 'a', name), jpeg(name));
  const { train } = (await folder()).splits!;
  const names = Array.from({ length: train!.length }, (_, i) => path.basename(train!.nameOf!(i)));
  expect(names).toEqual(expect.arrayContaining(odd));
});

test('a class with one picture is told', async () => {
  await mkdir(path.join(root, 'b'));
  for (const name of ['1.jpg', '2.jpg']) await writeFile(path.join(root, 'b', name), jpeg(name));
  expect((await folder()).notes).toEqual(['1 class has one training picture: a']);
});

test('a loop of links inside a class names the link', async () => {
  await symlink(path.join(root, 'a'), path.join(root, 'a/again'));
  await expect(folder()).rejects.toThrow('a/again is a link to a folder that it lies in');
});
