import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith, limbeck } from '../testing/command-line.js';

const pair = {
  data: { use: 'halves', batchSize: 8, evalBatchSize: 8 },
  backend: { use: 'onnx', threads: 1 },
};

const recipe = (changes: object = {}) => ({
  id: 'kd/halves/resnet8-resnet8',
  description: 'KD on halves, resnet8 to resnet8',
  method: 'kd',
  data: 'halves',
  classes: 2,
  teacher: 'resnet8',
  student: 'resnet8',
  protocol: { epochs: { value: 2, from: 'published', source: 'somebody/halves:train.py:1' } },
  reports: 'last',
  seeds: [10, 20],
  published: { top1: 99, sd: 0.5, runs: 4, source: 'somebody/halves:README.md', confidence: 'R' },
  run: {
    ...pair,
    teacher: { use: 'resnet8' },
    student: { use: 'resnet8' },
    distiller: { use: 'kd' },
    train: { epochs: 2, schedule: { use: 'multi-step', milestones: [1] } },
  },
  teacherRun: { ...pair, student: { use: 'resnet8' }, train: { epochs: 2 } },
  ...changes,
});

/** A plugin that imports nothing: pictures 1x8x8, bright on the left or on the right, and recipes for them. */
const plugin = (recipes: readonly object[]): string => `
const split = (length) => ({
  length,
  labels: Int32Array.from({ length }, (_, i) => i % 2),
  read(index, into, offset) {
    for (let i = 0; i < 64; i++) into[offset + i] = ((i % 8 >= 4) === (index % 2 === 1) ? 200 : 20) + ((index * 31 + i * 17) % 50);
  },
});
export default {
  [Symbol.for('limbeck.plugin')]: true,
  name: 'halves-plugin',
  api: 1,
  setup(host) {
    host.recipes.add(...${JSON.stringify(recipes)});
    host.datasets.add({
      id: 'halves',
      description: 'bright halves',
      files: [],
      open: async () => ({
        classes: 2,
        classNames: ['left', 'right'],
        imageShape: [1, 8, 8],
        normalization: { mean: [0.5], std: [0.3] },
        train: split(16),
        test: split(8),
        fingerprint: 'halves',
      }),
    });
  },
};
`;

const folderOf = (...recipes: object[]): string =>
  folderWith({
    'halves.mjs': plugin(recipes),
    'limbeck.config.yaml':
      'plugins: [./halves.mjs]\ndata: { use: halves }\nstudent: resnet8\ntrain: { epochs: 1 }\n',
  });

const id = 'kd/halves/resnet8-resnet8';
const failure = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1)!).error;
const timeout = 240_000;

describe('limbeck reproduce', () => {
  test('trains the teacher, then each seed; again it has nothing to do; the table is checked', {
    timeout,
  }, async () => {
    const cwd = folderOf(recipe(), recipe({ id: `${id}@far`, teacherTop1: 12.5 }));
    const first = await limbeck(['reproduce', id, '--seeds', '2', '--out', 'row', '--json'], cwd);
    const events = first.events();
    expect(events.filter(({ type }) => type === 'run').map(({ label }) => label)).toEqual([
      ...['teacher resnet8', '1/2 seed 10', '2/2 seed 20'],
    ]);
    const result = events.at(-1)!;
    expect(result).toMatchObject({ type: 'reproduction', id, scale: 1, last: { n: 2 } });
    const runs = result.runs as { last: number }[];
    const mean = runs.reduce((sum, { last }) => sum + last, 0) / 2;
    expect((result.last as { mean: number }).mean).toBeCloseTo(mean, 6);
    expect((result.verdict as { difference: number }).difference).toBeCloseTo(mean - 99, 6);

    const again = await limbeck(['reproduce', id, '--seeds', '2', '--out', 'row'], cwd);
    expect(again.stdout.match(/finished before\n/g)).toHaveLength(4);
    expect(again.stdout).toContain('somebody/halves:README.md');

    const check = await limbeck(['reproduce', '--check', '.', '--json'], cwd);
    expect(check.code, check.stdout).toBe(0);
    const stored = path.join(cwd, 'row', 'reproduction.json');
    const table = JSON.parse(readFileSync(stored, 'utf8'));
    writeFileSync(stored, JSON.stringify({ ...table, last: { ...table.last, mean: 12 } }));
    const wrong = await limbeck(['reproduce', '--check', 'row', '--json'], cwd);
    expect(failure(wrong.stdout)).toMatchObject({ code: 'VERIFY_FAILED' });

    const other = await limbeck(['reproduce', id, '--scale', '0.5', '--out', 'row', '--json'], cwd);
    expect(failure(other.stdout).message).toContain('scale: 1, now 0.5');

    const far = ['reproduce', `${id}@far`, '--seeds', '1', '--out', 'far', '--json'];
    const refused = await limbeck([...far, '--teacher', 'row/teacher/student.safetensors'], cwd);
    expect(failure(refused.stdout).code).toBe('PRECONDITION');
    expect(failure(refused.stdout).message).toMatch(/has \d+\.\d\d % .* the published 12\.50 %/);
    expect(existsSync(path.join(cwd, 'far', 'seed-10'))).toBe(false);
  });

  test('a plan measures and leaves nothing; a share of the training compares with nothing', {
    timeout,
  }, async () => {
    const cwd = folderOf(recipe());
    const { stdout } = await limbeck(['reproduce', id, '--plan', '--json'], cwd);
    const plan = JSON.parse(stdout);
    expect(plan.runs.map(({ runs }: { runs: number }) => runs)).toEqual([1, 3]);
    expect(plan.runs[1].estimate).toMatchObject({ epochs: 2, stepsPerEpoch: 2 });
    expect(plan.seconds).toBeGreaterThan(0);
    expect(existsSync(path.join(cwd, 'runs'))).toBe(false);

    const half = await limbeck(['reproduce', id, '--seeds', '1', '--scale', '0.5', '--json'], cwd);
    const result = half.events().at(-1)!;
    expect(result).toMatchObject({ scale: 0.5, runs: [{ epochs: 1 }] });
    expect(result.verdict).toBeUndefined();
    const file = path.join(result.folder as string, 'student.config.json');
    expect(JSON.parse(readFileSync(file, 'utf8')).train.schedule.milestones).toEqual([0.5]);
  });

  const blocked = { run: undefined, teacherRun: undefined, blocked: 'there is no distiller of it here' };
  test.each([
    [
      'an unknown id',
      {},
      ['kd/halves/resnet8-resnet9'],
      'UNKNOWN_ID',
      /did you mean 'kd\/halves\/resnet8-resnet8'/,
    ],
    ['a row that nothing here runs', blocked, [id], 'PRECONDITION', /cannot be run: there is no distiller/],
    ['other classes', { classes: 100 }, [id, '--seeds', '1'], 'PRECONDITION', /have 2 classes .* with 100/],
    ['a teacher that is not there', {}, [id, '--teacher', 'no.pth'], 'NOT_FOUND', /no\.pth/],
    ['a share above 1', {}, [id, '--scale', '2'], 'USAGE', /scale/],
    ['a recipe that is not whole', { seeds: [] }, [id], 'PLUGIN_INVALID', /seeds/],
    ['a folder without any', {}, ['--check', 'nowhere'], 'NOT_FOUND', /no reproduction/],
  ])('%s is one clear error', async (_, changes, args, code, message) => {
    const { stdout } = await limbeck(['reproduce', ...args, '--json'], folderOf(recipe(changes)));
    const error = failure(stdout);
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.hint}`).toMatch(message);
  });
});
