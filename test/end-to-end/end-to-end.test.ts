import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkpointSteps, limbeck, start, untilCheckpoint } from '../limbeck.js';

const here = fileURLToPath(new URL('.', import.meta.url));

const shared = {
  plugins: [path.join(here, 'tiny-images.mjs')],
  data: { use: 'corners', batchSize: 16, augment: [{ use: 'pad-crop', pad: 1 }] },
  student: { use: 'resnet8' },
  // what `auto` takes depends on the machine
  backend: 'onnx',
};

const teacherConfig = { ...shared, train: { epochs: 2, schedule: 'cosine', seed: 3 } };

const studentConfig = {
  ...shared,
  teacher: { use: 'resnet8', weights: 'teacher/student.safetensors' },
  distiller: { use: 'projector-ensemble', projectors: 2 },
  train: { epochs: 4, schedule: 'cosine', seed: 5, checkpoint: { everySteps: 3 } },
};

let folder: string;
const inside = (...parts: string[]) => path.join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-end-to-end-'));
  await writeFile(inside('teacher.config.json'), JSON.stringify(teacherConfig));
  await writeFile(inside('student.config.json'), JSON.stringify(studentConfig));
  const teacher = await limbeck(['train', 'teacher.config.json', '--out', 'teacher'], folder);
  expect(teacher, teacher.stderr).toMatchObject({ code: 0 });
  const whole = await limbeck(['train', 'student.config.json', '--out', 'whole'], folder);
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

/** Lines of a run's metrics without what a clock decides. */
async function metricsOf(run: string): Promise<unknown[]> {
  const text = await readFile(inside(run, 'metrics.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const { seconds: _, imagesPerSecond: __, secondsLeft: ___, ...rest } = JSON.parse(line);
      return rest;
    });
}

const weightsOf = (run: string) => readFile(inside(run, 'student.safetensors'));

describe('a run that is stopped and resumed ends with the same bits', () => {
  test.each([3, 20, 45])('after kill -9 behind step %i of 64', { timeout: 60_000 }, async (step) => {
    const run = `killed-${step}`;
    const { child, ended } = start(['train', 'student.config.json', '--out', run], folder);
    await untilCheckpoint(inside(run), step, child);
    child.kill('SIGKILL');
    expect((await ended).signal, 'the run was over before it could be killed').toBe('SIGKILL');
    const resumed = await limbeck(['train', '--resume', run], folder);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect((await weightsOf(run)).equals(await weightsOf('whole'))).toBe(true);
    expect(await metricsOf(run)).toEqual(await metricsOf('whole'));
  });

  test('after Ctrl-C, which saves and exits with 130', { timeout: 60_000 }, async () => {
    const { child, ended } = start(['train', 'student.config.json', '--out', 'interrupted'], folder);
    await untilCheckpoint(inside('interrupted'), 6, child);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('--resume interrupted');
    expect(stderr).not.toMatch(/^\s+at /m);
    const resumed = await limbeck(['train', '--resume', 'interrupted'], folder);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect((await weightsOf('interrupted')).equals(await weightsOf('whole'))).toBe(true);
  });

  test('after the newest checkpoint was torn: it is named and the one before is used', {
    timeout: 60_000,
  }, async () => {
    const { child, ended } = start(['train', 'student.config.json', '--out', 'torn'], folder);
    await untilCheckpoint(inside('torn'), 9, child);
    child.kill('SIGKILL');
    await ended;
    const newest = `step-${checkpointSteps(inside('torn')).at(-1)}`;
    await truncate(inside('torn', 'checkpoints', `${newest}.safetensors`), 1000);
    const resumed = await limbeck(['train', '--resume', 'torn'], folder);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(resumed.stdout + resumed.stderr).toContain(`${newest} cannot be used`);
    expect((await weightsOf('torn')).equals(await weightsOf('whole'))).toBe(true);
  });
});

/** Methods with a phase before the main one: of the student, of both, of a part of their own. An epoch is 16 steps. */
const phased = [
  {
    name: 'ft-and-fsp',
    distiller: [
      { use: 'ft', initialEpochs: 1 },
      { use: 'fsp', initialEpochs: 1 },
    ],
    phases: 3,
  },
  { name: 'ab', distiller: [{ use: 'ab', initialEpochs: 1 }], phases: 2 },
];

test.each(phased)(
  '$name: killed in every phase, a run ends with the same bits',
  {
    timeout: 120_000,
  },
  async ({ name, distiller, phases }) => {
    const train = { ...studentConfig.train, epochs: 1 };
    await writeFile(inside(`${name}.json`), JSON.stringify({ ...studentConfig, distiller, train }));
    const whole = await limbeck(['train', `${name}.json`, '--out', `${name}-whole`], folder);
    expect(whole, whole.stderr).toMatchObject({ code: 0 });
    const run = `${name}-killed`;
    for (let phase = 0; phase < phases; phase++) {
      const resume = phase === 0 ? [`${name}.json`, '--out', run] : ['--resume', run];
      const { child, ended } = start(['train', ...resume], folder);
      await untilCheckpoint(inside(run), 16 * phase + 3, child);
      child.kill('SIGKILL');
      expect((await ended).signal, 'the run was over before it could be killed').toBe('SIGKILL');
    }
    const resumed = await limbeck(['train', '--resume', run], folder);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect((await weightsOf(run)).equals(await weightsOf(`${name}-whole`))).toBe(true);
    expect(await metricsOf(run)).toEqual(await metricsOf(`${name}-whole`));
  },
);

describe('a finished run', () => {
  test('is not trained over, nor resumed', async () => {
    const again = await limbeck(['train', 'student.config.json', '--out', 'whole'], folder);
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('ALREADY_EXISTS');
    const resumed = await limbeck(['train', '--resume', 'whole'], folder);
    expect(resumed.code).not.toBe(0);
    expect(resumed.stderr).toContain('finished');
  });

  test('is measured, exported and measured again with the same result', { timeout: 60_000 }, async () => {
    const measured = await limbeck(['eval', 'whole', '--json'], folder);
    expect(measured, measured.stderr).toMatchObject({ code: 0 });
    const { metrics } = JSON.parse(measured.stdout);
    expect(metrics.top1).toBeGreaterThan(0.9);

    const exported = await limbeck(['export', 'whole', '--format', 'onnx', '--out', 'student.onnx'], folder);
    expect(exported, exported.stderr).toMatchObject({ code: 0 });
    const onnx = await limbeck(['eval', 'student.onnx', '--config', 'student.config.json', '--json'], folder);
    expect(onnx, onnx.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(onnx.stdout).metrics.top1).toBe(metrics.top1);
  });
});

test('the same seed gives the same bits, another seed others', { timeout: 60_000 }, async () => {
  const same = await limbeck(['train', 'teacher.config.json', '--out', 'teacher-again'], folder);
  expect(same, same.stderr).toMatchObject({ code: 0 });
  expect((await weightsOf('teacher-again')).equals(await weightsOf('teacher'))).toBe(true);
  const other = await limbeck(
    ['train', 'teacher.config.json', '--out', 'other', '--set', 'train.seed=4'],
    folder,
  );
  expect(other, other.stderr).toMatchObject({ code: 0 });
  expect((await weightsOf('other')).equals(await weightsOf('teacher'))).toBe(false);
});
