import { createHost, type Host } from '@limbeck/core/host';
import { buildDistiller } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin from './index.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

const student = {
  stem: [2, 4, 16, 16],
  stage1: [2, 4, 16, 16],
  stage2: [2, 8, 8, 8],
  embedding: [2, 8],
  logits: [2, 3],
};
const teacher = { ...student, stage1: [2, 6, 8, 8], stage2: [2, 10, 4, 4], stage3: [2, 12, 4, 4] };
const { stage3: _, ...asDeep } = teacher;

describe.each([
  ['at', 'at', 1000],
  ['nst', 'nst', 50],
  ['vid', 'vid', 1],
] as const)('%s', (id, term, weight) => {
  test('compares every stage by default', () => {
    const built = buildDistiller(host, id, { student, teacher: asDeep });
    expect(built.losses[term]).toMatchObject({ weight, value: { shape: [] } });
    expect([...built.student.inputs.keys()]).toEqual(['student.stage1', 'student.stage2']);
    expect([...built.teacher.inputs.keys()]).toEqual(['teacher.stage1', 'teacher.stage2']);
  });

  test('compares the stages it is told', () => {
    const use = { use: id, taps: ['stage2'], teacherTaps: ['stage3'] };
    const built = buildDistiller(host, use, { student, teacher });
    expect([...built.teacher.inputs.keys()]).toEqual(['teacher.stage3']);
  });

  test('names both sides where the numbers of stages differ', () => {
    expect(() => buildDistiller(host, id, { student, teacher })).toThrow(
      /has stage1, stage2 and teacher 'teacher' stage1, stage2, stage3/,
    );
    const flat = { embedding: [2, 8], logits: [2, 3] };
    expect(() => buildDistiller(host, id, { student: flat, teacher: flat })).toThrow(/has none/);
  });

  test('refuses vectors', () => {
    const use = { use: id, taps: ['embedding'] };
    expect(() => buildDistiller(host, use, { student, teacher })).toThrow(
      /'embedding' of student 'student' is \[2, 8\]/,
    );
  });
});

test('vid has regressors and variances of its own for every stage', () => {
  const { trace } = buildDistiller(host, 'vid', { student, teacher: asDeep });
  const shapes = [...trace.variables].map(([name, { tensor }]) => [name, tensor.shape]);
  expect(Object.fromEntries(shapes)).toEqual({
    'vid.0.regressor.0.weight': [6, 4, 1, 1],
    'vid.0.regressor.2.weight': [6, 6, 1, 1],
    'vid.0.regressor.4.weight': [6, 6, 1, 1],
    'vid.0.log_scale': [6],
    'vid.1.regressor.0.weight': [10, 8, 1, 1],
    'vid.1.regressor.2.weight': [10, 10, 1, 1],
    'vid.1.regressor.4.weight': [10, 10, 1, 1],
    'vid.1.log_scale': [10],
  });
});

test('vid refuses a first variance that its least one swallows', () => {
  expect(() => buildDistiller(host, { use: 'vid', variance: 1e-6 }, { student, teacher: asDeep })).toThrow(
    /variance/,
  );
});

describe('fitnet', () => {
  const weightOf = (from: number[], to: number[]) => {
    const { trace, losses } = buildDistiller(
      host,
      { use: 'fitnet', tap: 'map' },
      { student: { map: [2, 4, ...from], logits: [2, 3] }, teacher: { map: [2, 6, ...to], logits: [2, 3] } },
    );
    expect(losses.hint).toMatchObject({ weight: 100, value: { shape: [] } });
    return trace.variables.get('fitnet.regressor.conv.weight')!.tensor.shape;
  };

  test.each([
    ['halves', [8, 8], [4, 4], [6, 4, 3, 3]],
    ['doubles', [4, 4], [8, 8], [4, 6, 4, 4]],
    ['keeps', [8, 8], [8, 8], [6, 4, 1, 1]],
    ['trims', [7, 8], [5, 6], [6, 4, 3, 3]],
    ['trims to a quarter', [16, 16], [4, 4], [6, 4, 13, 13]],
  ])('%s maps by the convolution that fits', (_, from, to, weight) => {
    expect(weightOf(from, to)).toEqual(weight);
  });

  test('names both shapes where no convolution fits', () => {
    expect(() => weightOf([3, 3], [8, 8])).toThrow(/\[2, 4, 3, 3\].*\[2, 6, 8, 8\]/);
    expect(() => buildDistiller(host, { use: 'fitnet', regressor: false }, { student, teacher })).toThrow(
      /\[2, 8, 8, 8\].*\[2, 10, 4, 4\]/,
    );
  });
});

test.each([
  ['srrl', { feature: 1, logits: 1 }],
  ['ickd', { ickd: 2.5 }],
  ['wkd-f', { means: 0.32, deviations: 0.08 }],
  ['reviewkd', { reviewkd: 5 }],
  ['ofd', { ofd: 1e-3 }],
  ['semckd', { semckd: 400 }],
] as const)('%s has the published terms and weights', (id, weights) => {
  const large = (taps: typeof student) =>
    Object.fromEntries(Object.entries(taps).map(([name, [, ...shape]]) => [name, [4, ...shape]]));
  const shapes = { student: large(student), teacher: large(asDeep as typeof student) } as {
    student: typeof student;
    teacher: typeof student;
  };
  const { losses } = buildDistiller(host, id, shapes);
  const found = Object.entries(losses).map(([name, { weight, value }]) => [name, weight, value.shape]);
  expect(found).toEqual(Object.entries(weights).map(([name, weight]) => [name, weight, []]));
});

test.each(['reviewkd', 'ofd'])(
  "%s compares the teacher's maps before the activation where there are any",
  (id) => {
    const before = { ...asDeep, 'stage2.preact': asDeep.stage2 };
    const built = buildDistiller(host, id, { student, teacher: before });
    expect([...built.teacher.inputs.keys()]).toEqual(
      expect.arrayContaining(['teacher.stage1', 'teacher.stage2.preact']),
    );
  },
);

test('semckd needs four images to attend by, and any numbers of stages', () => {
  expect(() => buildDistiller(host, 'semckd', { student, teacher: asDeep })).toThrow(/this batch has 2/);
  expect(() => buildDistiller(host, 'semckd', { student, teacher }, { mode: 'eval' })).not.toThrow();
  const flat = { embedding: [2, 8], logits: [2, 3] };
  expect(() => buildDistiller(host, 'semckd', { student: flat, teacher: flat })).toThrow(/has none/);
});
