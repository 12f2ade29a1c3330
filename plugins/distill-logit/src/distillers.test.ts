import { indexTargets, type Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import {
  ancestors,
  evaluate,
  gradients,
  leafName,
  mul,
  program,
  type ReferenceValue,
  sum,
  type Tensor,
  tensorData,
  toReference,
} from '@limbeck/graph';
import { buildDistiller, patternFill } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin, { classDistances, classDistancesByCka, classifierRows, sharpened } from './index.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

const model = (classes: number, width = 6) => ({ logits: [4, classes], embedding: [4, width] });
const build = (use: Use, classes = 5) =>
  buildDistiller(host, use, { student: model(classes), teacher: model(classes, 7) });

test.each([
  ['kd', { kd: 0.9 }, 0.1],
  ['logit-standardization', { kd: 9 }, 0.1],
  ['dkd', { tckd: 1, nckd: 8 }, undefined],
  ['nkd', { target: 1, others: 1.5 }, undefined],
  ['dist', { inter: 2, intra: 2 }, undefined],
  ['ttm', { ttm: 45 }, undefined],
  ['wttm', { wttm: 4 }, undefined],
  ['wkd-l', { target: 1, transport: 600 }, undefined],
  ['bce', { bce: 1 }, 0],
] as const)('%s has the published terms and weights', (id, weights, taskWeight) => {
  const built = build(id);
  const found = Object.entries(built.losses).map(([name, { weight, value }]) => [name, weight, value.shape]);
  expect(found).toEqual(Object.entries(weights).map(([name, weight]) => [name, weight, []]));
  expect(built.taskWeight).toBe(taskWeight);
  const prepared = id === 'wkd-l' ? ['wkd-l.prepared.class-cka.distances'] : [];
  expect([...built.trace.variables.keys()]).toEqual(prepared);
});

test('weights run their published courses', () => {
  const courses = (use: Use) =>
    Object.entries(build(use).losses).map(([name, { schedule }]) => [name, schedule]);
  const rising = { use: 'linear', end: 20, by: 'epoch' };
  expect(courses('dkd')).toEqual([
    ['tckd', rising],
    ['nckd', rising],
  ]);
  expect(courses({ use: 'dkd', warmup: 0 })).toEqual([
    ['tckd', undefined],
    ['nckd', undefined],
  ]);
  expect(courses('wkd-l')).toEqual([
    ['target', undefined],
    ['transport', { use: 'cosine', start: 150 }],
  ]);
});

test.each<[string, Use]>([
  ['logit-standardization', 'logit-standardization'],
  ['kd', { use: 'kd', standardize: true }],
  ['dkd', 'dkd'],
  ['nkd', 'nkd'],
  ['wkd-l', 'wkd-l'],
])('%s refuses a single class', (id, use) => {
  expect(() => build(use, 1)).toThrow(`distiller '${id}' needs at least two classes, not 1`);
});

const logitDistillers = ['kd', 'logit-standardization', 'dkd', 'nkd', 'dist', 'ttm', 'wttm', 'wkd-l'];

describe.each(logitDistillers)('%s on another head of the student', (id) => {
  const shapes = { ...model(5), 'distillation-logits': [4, 5], 'distillation-token': [4, 6] };
  const on = (tap: string) =>
    buildDistiller(host, { use: id, tap }, { student: shapes, teacher: model(5, 7) });
  const reaches = ({ losses, student }: ReturnType<typeof on>, name: string) => {
    const input = student.inputs.get(`student.${name}`);
    const terms = Object.values(losses).map(({ value }) => value);
    return input !== undefined && ancestors(terms, { throughComposites: true }).includes(input);
  };

  test('reads its logits instead', () => {
    expect(reaches(on('distillation-logits'), 'distillation-logits')).toBe(true);
    expect(reaches(on('distillation-logits'), 'logits')).toBe(false);
    expect(reaches(on('logits'), 'logits')).toBe(true);
  });

  test('refuses what holds no logits, and what is not there', () => {
    expect(() => on('distillation-token')).toThrow(
      `distiller '${id}' takes logits [4, 5], tap 'distillation-token' of student 'student' is [4, 6]`,
    );
    expect(() => on('distillation-logit')).toThrow(/no tap 'distillation-logit'/);
  });
});

/** Values of tensors of a graph with two models. */
function valuesOf(graphOutputs: Record<string, Tensor>) {
  const target = program({ name: 'values', outputs: graphOutputs });
  const state = new Map<string, ReferenceValue>(
    target.state.map(({ name, current }) => [name, toReference(patternFill('1', name, current.shape))]),
  );
  const feeds = new Map<string, ReferenceValue>(
    target.inputs.map((input) => {
      const [name, shape] = [leafName(input), input.shape];
      const data = name === 'labels' ? tensorData('int32', shape) : patternFill('1', name, shape);
      return [name, toReference(data)];
    }),
  );
  const { outputs } = evaluate(target, feeds, state);
  return { state, of: (name: string) => [...outputs.get(name)!.data] };
}

test.each(['kd', 'dkd'])('%s of z-scores does not see magnitudes', (id) => {
  const { losses, student } = build({ use: id, standardize: true });
  const logits = student.inputs.get('student.logits')!;
  const first = Object.values(losses)[0]!.value;
  const [gradient] = gradients(first, [logits]) as [Tensor];
  const { of } = valuesOf({ along: sum(mul(gradient, logits), { axis: 1 }) });
  expect(of('along')).toEqual([0, 0, 0, 0].map((zero) => expect.closeTo(zero, 6)));
});

describe('distances of classes by CKA', () => {
  const [classes, width] = [3, 4];
  const value = (image: number, k: number) =>
    Math.sin(1.3 * image + 0.7 * k * (1 + (image % classes))) + 0.2 * k;
  const labels = [2, 0, 1, 1, 0, 2, 0, 1, 2, 2, 1, 0, 0];
  const feature = Float32Array.from({ length: labels.length * width }, (_, i) =>
    value(Math.floor(i / width), i % width),
  );
  const add = (sums: ReturnType<typeof classDistancesByCka>, parts: number[], of = labels) => {
    let from = 0;
    for (const count of parts) {
      const part = feature.slice(from * width, (from + count) * width);
      // a row of padding behind each part
      const padded = Float32Array.from([...part, ...Array(width).fill(9)]);
      sums.add({ features: { feature: padded }, targets: indexTargets(of.slice(from, from + count)), count });
      from += count;
    }
    return sums;
  };
  const finish = async (sums: ReturnType<typeof classDistancesByCka>) =>
    (await sums.finish(async () => {})).distances!;

  /** Columns with columns, as Kornblith et al. write it. */
  function expected(images: number): number[] {
    const rowsOf = (label: number) =>
      labels
        .flatMap((of, image) => (of === label ? [image] : []))
        .slice(0, Math.min(4, images))
        .map((image) => Array.from({ length: width }, (_, k) => Math.fround(value(image, k))));
    const centred = (rows: number[][]) =>
      rows.map((row) => row.map((x, k) => x - rows.reduce((s, other) => s + other[k]!, 0) / rows.length));
    const norm = (x: number[][], y: number[][]) => {
      let total = 0;
      for (let k = 0; k < width; k++)
        for (let l = 0; l < width; l++) total += x.reduce((s, row, n) => s + row[k]! * y[n]![l]!, 0) ** 2;
      return Math.sqrt(total);
    };
    return Array.from({ length: classes * classes }, (_, at) => {
      const [x, y] = [Math.floor(at / classes), at % classes].map((c) => centred(rowsOf(c))) as [
        number[][],
        number[][],
      ];
      return 1 - norm(x, y) ** 2 / (norm(x, x) * norm(y, y));
    });
  }

  test.each([500, 3])('compares row by row, at most %i images of a class', async (images) => {
    const sums = classDistancesByCka({ classes, width, images });
    const found = await finish(add(sums, [13]));
    expect([...found]).toEqual(expected(images).map((x) => expect.closeTo(x, 6)));
    expect(Math.max(...found)).toBeGreaterThan(0.2);
    const inParts = classDistancesByCka({ classes, width, images });
    expect(await finish(add(inParts, [5, 1, 7]))).toEqual(found);
  });

  test('are 1 to a class with one feature for all its images', async () => {
    const sums = classDistancesByCka({ classes: 2, width: 2, images: 9 });
    const rows = Float32Array.of(0.1, 0.2, 1, 2, 0.1, 0.2, 3, 1, 0.1, 0.2, 0, 5);
    sums.add({ features: { feature: rows }, targets: indexTargets([0, 1, 0, 1, 0, 1]), count: 6 });
    expect([...(await finish(sums))]).toEqual([0, 1, 1, 0]);
  });

  test('need two images of each class', async () => {
    const sums = add(classDistancesByCka({ classes: 4, width, images: 9 }), [13]);
    await expect(finish(sums)).rejects.toThrow('class 3 has 0 training images');
  });

  test('are asked for by default, of any feature', () => {
    const asked = (use: Use) => build(use).preparations.get('class-cka');
    expect(asked('wkd-l')).toMatchObject({
      features: { feature: { path: 'embedding', pooled: true } },
      parameters: { images: 500 },
      tensors: { distances: [5, 5] },
    });
    expect(asked({ use: 'wkd-l', features: 'logits' })!.features.feature).toMatchObject({ path: 'logits' });
    expect(asked({ use: 'wkd-l', distance: 'cosine' })).toBeUndefined();
  });
});

describe('distances of classes', () => {
  const width = 7;
  const rows = (weights: readonly number[]) =>
    Array.from({ length: 5 }, (_, c) => weights.slice(c * width, (c + 1) * width));
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

  test("come from the rows of the teacher's classifier", () => {
    const { teacher } = build({ use: 'wkd-l', distance: 'cosine' });
    const { state, of } = valuesOf({
      rows: classifierRows(teacher),
      cosine: classDistances(teacher, 5, 'cosine'),
      costs: sharpened(classDistances(teacher, 5, 'cosine'), 2),
    });
    const weights = [...state.get('teacher.classifier.weight')!.data];
    expect(of('rows')).toEqual(weights.map((x) => expect.closeTo(x, 6)));
    const pairs = (f: (a: number[], b: number[]) => number) =>
      rows(weights).flatMap((a) => rows(weights).map((b) => expect.closeTo(f(a, b), 6)));
    expect(of('cosine')).toEqual(pairs((a, b) => 1 - cosine(a, b)));
    expect(of('costs')).toEqual(pairs((a, b) => 1 - Math.exp(-2 * (1 - cosine(a, b)))));
  });

  test('can be given, and must be a matrix of the classes', () => {
    const given = (distance: number[][]) => build({ use: 'wkd-l', distance }, 2);
    expect(() =>
      given([
        [0, 1],
        [1, 0],
      ]),
    ).not.toThrow();
    expect(() => given([[0, 1, 2]])).toThrow('distances of 2 classes are a matrix [2, 2], not [1, 3]');
    expect(() =>
      given([
        [0, -1],
        [1, 0],
      ]),
    ).toThrow(/negative/);
  });

  test('of which the regularisation leaves nothing are refused', () => {
    expect(() => build({ use: 'wkd-l', regularization: 0.01 })).toThrow(
      /costs up to 1 under a regularisation of 0.01/,
    );
    const far = { use: 'wkd-l', sharpness: 0, distance: Array(5).fill([0, 9, 9, 9, 9]) };
    expect(() => build(far)).toThrow(/costs up to 9/);
  });
});
