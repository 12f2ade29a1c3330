import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { folderWith, limbeck } from '../testing/command-line.js';
import { photosOf } from '../testing/pictures.js';

function photos(each = 10, size: { width?: number; height?: number } = {}): string {
  const folder = folderWith();
  photosOf(path.join(folder, 'my photos'), each, size);
  return folder;
}

const configOf = async (folder: string) =>
  JSON.parse((await limbeck(['config', 'print', '--json'], folder)).stdout).config;

it('writes a configuration that trains on a folder of pictures as it stands', async () => {
  const folder = photos();
  const { code, stdout, stderr } = await limbeck(['init', 'my photos', '--format', 'yaml'], folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toBe(
    '2 classes, pictures: 20 train, 10 a class in training; most about 16 x 12 pixels\n' +
      'wrote limbeck.config.yaml: resnet8x4 on 32 x 32 pixels, batches of 8\n' +
      "next: 'limbeck train --plan', then 'limbeck train'\n",
  );
  const config = await configOf(folder);
  expect(config.data).toMatchObject({
    ...{ use: 'image-folder', path: 'my photos', imageSize: 32, normalization: 'imagenet' },
    split: { validation: 0.2 },
  });
  // tests share one working directory
  const where = `data.path=${path.join(folder, 'my photos')}`;
  const args = ['train', '--out', 'run', '--set', 'train.epochs=1', '--set', where, '--set', 'backend=onnx'];
  const trained = await limbeck(args, folder);
  expect(trained.code, trained.stderr).toBe(0);
  expect(JSON.parse(readFileSync(path.join(folder, 'run/result.json'), 'utf8'))).toMatchObject({
    student: { id: 'resnet8x4' },
    steps: 2,
  });
}, 60_000);

it('says the same in TypeScript, and fits size, batch and split to what is there', async () => {
  const [one, other] = [photos(60, { width: 200, height: 170 }), photos(60, { width: 200, height: 170 })];
  await limbeck(['init', 'my photos', '--format', 'yaml', '--teacher-weights', 'runs/teacher.pth'], one);
  await limbeck(['init', 'my photos', '--format', 'ts', '--teacher-weights', 'runs/teacher.pth'], other);
  const [config, same] = [await configOf(one), await configOf(other)];
  expect(JSON.stringify(same).replaceAll(other, one)).toBe(JSON.stringify(config));
  expect(config).toMatchObject({
    data: { imageSize: 224, batchSize: 8, split: { validation: 0.1 } },
    student: { use: 'mobilenet_v2' },
    teacher: { use: 'resnet18', weights: { file: path.join(one, 'runs/teacher.pth') } },
    distiller: { use: 'kd' },
  });
});

it('takes what the user says', async () => {
  const folder = photos();
  const said = ['--student', 'resnet8', '--image-size', '48', '--format', 'yaml'];
  const { stdout } = await limbeck(['init', 'my photos', ...said], folder);
  expect(stdout).toContain('resnet8 on 48 x 48 pixels');
});

it.each([
  ['a folder that is not there', ['init', 'photo'], 'does not exist'],
  ['a folder without classes', ['init', 'my photos/left'], 'none in a folder for its class'],
  ['two kinds of data', ['init', 'my photos', '--data', 'mnist'], 'cannot both be given'],
  ['a teacher without weights', ['init', 'my photos', '--teacher', 'resnet18'], 'needs --teacher-weights'],
  ['an option of folders alone', ['init', '--image-size', '32'], 'is for a folder of pictures'],
  ['an unknown student', ['init', 'my photos', '--student', 'resnt8'], "did you mean 'resnet8'"],
] as const)('refuses %s', async (_, args, message) => {
  const { code, stderr } = await limbeck(args, photos(2));
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
});
