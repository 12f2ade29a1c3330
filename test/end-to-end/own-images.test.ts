import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limbeck } from '../limbeck.js';

const photos = fileURLToPath(new URL('./photos/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-images-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...args: string[]) {
  const ended = await limbeck(args, folder);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return ended;
}

const resultOf = async (name: string) =>
  JSON.parse(await readFile(path.join(folder, name, 'result.json'), 'utf8'));

const metricsOf = async (name: string) => {
  const text = await readFile(path.join(folder, name, 'metrics.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('a folder of photographs', { timeout: 180_000 }, () => {
  /** Parts of four photographs, of different sizes and brightness, as JPEG files. */
  beforeAll(async () => {
    for (const [subject, name] of ['astronaut', 'chelsea', 'coffee', 'rocket'].entries()) {
      for (const [split, count] of [
        ['train', 2],
        ['val', 1],
      ] as const) {
        await mkdir(path.join(folder, 'photos', split, name), { recursive: true });
        for (let i = 0; i < count; i++) {
          await sharp(path.join(photos, `${name}.jpg`))
            .extract({ left: 7 * i, top: 3 * i, width: 280 - 9 * i, height: 200 - 5 * subject })
            .modulate({ brightness: 0.9 + 0.05 * i })
            .flop(i % 2 === 1)
            .jpeg()
            .toFile(path.join(folder, 'photos', split, name, `${i}.jpg`));
        }
      }
    }
  });

  test('is distilled at 224 x 224 from resnet18 to a MobileNet, and labelled', async () => {
    const config = {
      data: { use: 'image-folder', path: 'photos', imageSize: 224, batchSize: 4, evalBatchSize: 4 },
      student: 'mobilenet_v2',
      teacher: { use: 'resnet18', weights: 'teacher/student.safetensors', acceptChance: true },
      distiller: 'kd',
      train: { epochs: 1 },
      backend: 'onnx',
    };
    const { teacher: _, distiller: __, ...alone } = config;
    // its weights are for images of any size, and small ones are learnt in seconds
    const taught = { ...alone, student: 'resnet18', data: { ...config.data, imageSize: 32 } };
    await writeFile(path.join(folder, 'teacher.json'), JSON.stringify(taught));
    await writeFile(path.join(folder, 'student.json'), JSON.stringify(config));
    await run('train', 'teacher.json', '--out', 'teacher');
    await run('train', 'student.json', '--out', 'run');
    expect(await resultOf('run')).toMatchObject({ student: { id: 'mobilenet_v2' }, steps: 2, epochs: 1 });
    await run('predict', 'run', 'photos/val', '-o', 'labels.csv');
    const rows = (await readFile(path.join(folder, 'labels.csv'), 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(5);
    expect(rows[1]).toMatch(/^astronaut\/0\.jpg,(astronaut|chelsea|coffee|rocket),[01]\.\d{6}$/);
  });
});

describe('an archive in the shape of CIFAR-100', { timeout: 120_000 }, () => {
  test('goes through the published protocol: crop, flip, milestones', async () => {
    const plane = 1024;
    const record = (i: number) => {
      const bytes = Buffer.alloc(2 + 3 * plane);
      bytes[0] = Math.floor((i % 100) / 5);
      bytes[1] = i % 100;
      for (let at = 0; at < 3 * plane; at++) bytes[2 + at] = (i * 37 + at * (1 + (i % 7))) % 256;
      return bytes;
    };
    const records = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => record(i)));
    const names = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}\n`).join('');
    const inside = path.join(folder, 'cifar-100-binary');
    await mkdir(inside);
    await writeFile(path.join(inside, 'train.bin'), records(100));
    await writeFile(path.join(inside, 'test.bin'), records(20));
    await writeFile(path.join(inside, 'fine_label_names.txt'), names(100));
    await writeFile(path.join(inside, 'coarse_label_names.txt'), names(20));
    execFileSync('tar', ['-czf', path.join(folder, 'made.tar.gz'), '-C', folder, 'cifar-100-binary']);
    const config = {
      data: {
        ...{ use: 'cifar100', path: 'made.tar.gz', batchSize: 25, evalBatchSize: 20 },
        augment: [{ use: 'pad-crop', pad: 4 }, 'flip'],
      },
      student: 'resnet8',
      train: {
        epochs: 2,
        optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4 },
        schedule: { use: 'multi-step', milestones: [1], gamma: 0.1 },
      },
      backend: 'onnx',
    };
    await writeFile(path.join(folder, 'cifar-teacher.json'), JSON.stringify(config));
    const teacher = { use: 'resnet8', weights: 'cifar-teacher/student.safetensors', acceptChance: true };
    await writeFile(path.join(folder, 'cifar.json'), JSON.stringify({ ...config, teacher, distiller: 'kd' }));
    await run('train', 'cifar-teacher.json', '--out', 'cifar-teacher');
    await run('train', 'cifar.json', '--out', 'cifar');
    expect(await resultOf('cifar')).toMatchObject({ epochs: 2, steps: 8 });
    const rates = (await metricsOf('cifar')).map(({ lr }) => lr).filter((lr) => lr !== undefined);
    expect(new Set(rates)).toEqual(new Set([0.05, 0.05 * 0.1]));
  });
});
