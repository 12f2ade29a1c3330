import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dotsFolder, limbeck } from '../testing/command-line.js';

/** Turns every other image upside down, or not: as random as a real one. */
const turnPlugin = `
import { definePlugin } from 'limbeck';

export default definePlugin({
  name: 'turn-plugin',
  api: 1,
  setup(host) {
    host.augmentations.add({
      id: 'turn',
      description: 'upside down, or not',
      create: () => (image, random) => { if (random.uniform() < 0.5) image.reverse(); },
    });
  },
});
`;

/** 48 images in batches of 20: an epoch leaves eight out. */
const distilled = `
extends: ./limbeck.config.yaml
plugins: [./dots.mjs, ./turn.mjs]
data: { augment: [turn], batchSize: 20 }
teacher: { use: speck, weights: teacher.safetensors, acceptChance: true }
distiller: { use: kd }
train: { epochs: 5 }
`;

let teacher = '';
beforeAll(async () => {
  const folder = dotsFolder();
  await limbeck(['train', '--out', 'alone', '--set', 'train.epochs=4'], folder);
  teacher = path.join(folder, 'alone', 'student.safetensors');
});

/** A folder with the teacher and the configuration of its student. */
function withTeacher(): string {
  const folder = dotsFolder({ 'turn.mjs': turnPlugin, 'distilled.yaml': distilled });
  copyFileSync(teacher, path.join(folder, 'teacher.safetensors'));
  return folder;
}

const cached = (views: number, ...more: string[]) => [
  ...['train', 'distilled.yaml', '--set', `teacher.cache.views=${views}`],
  ...more.flatMap((change) => ['--set', change]),
];

const student = (folder: string, run: string) =>
  readFileSync(path.join(folder, run, 'student.safetensors')).toString('base64');

const cacheOf = (folder: string) => {
  const all = path.join(folder, 'runs', '.cache', 'teacher');
  return path.join(all, readdirSync(all)[0]!);
};

describe("limbeck train with a teacher's cache", () => {
  it('trains the same student as the teacher itself over the same draws', async () => {
    const folder = withTeacher();
    await limbeck(['train', 'distilled.yaml', '--set', 'data.views=2', '--out', 'live'], folder);
    const first = await limbeck([...cached(2), '--out', 'first'], folder);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /cache of teacher: miss; 768 B, 2 views of 48 images: logits in float32; .*runs\/.cache\/teacher\/[0-9a-f]{32}\n/,
    );
    expect(first.stdout).toMatch(/cache of teacher: 96 records, 768 B, written in \d/);
    const second = await limbeck([...cached(2), '--out', 'second'], folder);
    expect(second.stdout).toMatch(/cache of teacher: hit; 768 B/);
    expect(second.stdout).not.toContain('records');
    expect(student(folder, 'first')).toBe(student(folder, 'live'));
    expect(student(folder, 'second')).toBe(student(folder, 'live'));
    expect(readFileSync(path.join(folder, 'second', 'run.log'), 'utf8')).toContain(
      'cache of teacher: hit; 768 bytes',
    );
    expect(JSON.parse(readFileSync(path.join(cacheOf(folder), 'cache.json'), 'utf8'))).toMatchObject({
      features: { logits: { shape: [2], kept: 'float32' } },
      identity: { teacher: { use: 'speck' }, data: { fingerprint: 'dots', augment: [{ use: 'turn' }] } },
    });
  });

  it('keeps what a model from a file gives', async () => {
    const folder = withTeacher();
    copyFileSync(path.join(path.dirname(teacher), 'student.onnx'), path.join(folder, 'teacher.onnx'));
    const file = distilled.replace('use: speck, weights: teacher.safetensors', 'onnx: teacher.onnx');
    writeFileSync(path.join(folder, 'file.yaml'), file);
    const train = (out: string, change: string) =>
      limbeck(['train', 'file.yaml', '--set', change, '--out', out], folder);
    await train('live', 'data.views=2');
    const first = await train('first', 'teacher.cache.views=2');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await train('second', 'teacher.cache.views=2')).stdout).toContain('cache of teacher: hit; 768 B');
    expect(student(folder, 'second')).toBe(student(folder, 'live'));
    writeFileSync(
      path.join(folder, 'file.yaml'),
      file.replace('teacher.onnx', 'teacher.onnx, input: { scale: 255 }'),
    );
    expect((await train('third', 'teacher.cache.views=2')).stdout).toContain('cache of teacher: miss');
  });

  it('computes a damaged part again and says so', async () => {
    const folder = withTeacher();
    await limbeck([...cached(2), '--out', 'first'], folder);
    const shard = path.join(cacheOf(folder), 'draw-0000-00000.safetensors');
    const bytes = readFileSync(shard);
    bytes[bytes.length - 1]! ^= 0x80;
    writeFileSync(shard, bytes);
    const second = await limbeck([...cached(2), '--out', 'second', '--json'], folder);
    const events = second.events();
    expect(events.find(({ type }) => type === 'warning')).toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringContaining('its content is not what was written (SHA-256)'),
    });
    expect(events.find(({ type }) => type === 'cache-filled')).toMatchObject({ records: 48, bytes: 384 });
    expect(student(folder, 'second')).toBe(student(folder, 'first'));
  });

  it('keeps what the configuration asks for, where it asks', async () => {
    const folder = withTeacher();
    const run = await limbeck(
      [
        ...cached(1, 'teacher.cache.dtype=float16', 'teacher.cache.logits.top=1', 'teacher.cache.dir=kept'),
        '--out',
        'run',
      ],
      folder,
    );
    expect(run.stdout).toContain('logits in float16, top 1 of 2');
    expect(readdirSync(path.join(folder, 'kept'))).toHaveLength(1);
    expect(existsSync(path.join(folder, 'runs'))).toBe(false);
  });

  it('says what is wrong before anything is written', async () => {
    const folder = withTeacher();
    const undecided = await limbeck(
      ['train', 'distilled.yaml', '--set', 'teacher.cache=true', '--out', 'run'],
      folder,
    );
    expect(undecided).toMatchObject({ code: 2 });
    expect(undecided.stderr).toContain('the cache of teacher needs a number of augmentation draws');
    const two = await limbeck([...cached(2, 'data.views=3'), '--out', 'run'], folder);
    expect(two.stderr).toContain('data has 3 views, the cache of teacher has 2');
    expect(existsSync(path.join(folder, 'run'))).toBe(false);
    mkdirSync(path.join(folder, 'runs', '.cache'), { recursive: true });
    writeFileSync(path.join(folder, 'runs', '.cache', 'teacher'), 'a file');
    const blocked = await limbeck([...cached(2), '--out', 'run'], folder);
    expect(blocked).toMatchObject({ code: 1 });
    expect(blocked.stderr).toMatch(/error\[WRITE_FAILED\]: .*runs\/.cache\/teacher/);
    expect(blocked.stderr).toMatch(/another folder than .*runs\/.cache\/teacher with teacher.cache.dir/);
  });
});

describe('limbeck inspect', () => {
  it('says what a cache holds or would take', async () => {
    const folder = withTeacher();
    const inspect = (...more: string[]) =>
      limbeck(['inspect', 'distilled.yaml', '--set', 'teacher.cache.views=3', ...more], folder);
    const before = await inspect();
    expect(before.stdout).toMatch(
      /cache of teacher: miss; 1.15 kB, 3 views of 48 images: logits in float32; .*runs/,
    );
    await limbeck([...cached(2), '--out', 'run'], folder);
    expect((await inspect()).stdout).toContain('cache of teacher: 384 B missing; 1.15 kB');
    await limbeck([...cached(3), '--out', 'more'], folder);
    expect(JSON.parse((await inspect('--json')).stdout).caches).toMatchObject({
      found: [{ teacher: 'teacher', views: 3, samples: 48, bytes: 1152, missingBytes: 0 }],
    });
  });

  it('says why nobody can tell', async () => {
    const folder = dotsFolder({ 'turn.mjs': turnPlugin, 'distilled.yaml': distilled });
    const { code, stdout } = await limbeck(
      ['inspect', 'distilled.yaml', '--set', 'teacher.cache.views=3'],
      folder,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/cache of the teacher: nobody can tell: .*teacher\.safetensors/);
  });
});
