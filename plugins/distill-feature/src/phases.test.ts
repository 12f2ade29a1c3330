import type { Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import type { SampleInput, Tensor } from '@limbeck/graph';
import {
  boundScope,
  buildDistiller,
  checkGradients,
  differentiate,
  type Planes,
  planesOf,
} from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin, {
  boundaryDistance,
  convConnector,
  factorDistance,
  flowDistance,
  paraphrase,
  translate,
} from './index.js';

const [batch, channels] = [2, 3];

const mapsOf = (data: Float64Array): Planes => planesOf(data, { batch, channels });
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const average = (values: number[]) => total(values) / values.length;

/** Planes of 4 x 4 averaged to 2 x 2. */
const pooled = (maps: Planes): Planes =>
  maps.map((image) =>
    image.map((plane) => [0, 2, 8, 10].map((at) => average([0, 1, 4, 5].map((step) => plane[at + step]!)))),
  );

const [small, large]: SampleInput[] = [
  { shape: [batch, channels, 2, 2] },
  { shape: [batch, channels, 4, 4] },
];

/** The two conditions as the paper writes them. */
const boundaries = (margin: number) => (student: Planes, teacher: Planes) =>
  total(
    student.flatMap((image, n) =>
      image.flatMap((plane, c) =>
        plane.map((s, i) => {
          const t = teacher[n]![c]![i]!;
          if (t > 0) return s <= margin ? (s - margin) ** 2 : 0;
          return s > -margin ? (s + margin) ** 2 : 0;
        }),
      ),
    ),
  ) / batch;

const factors = (student: Planes, teacher: Planes) => {
  const factor = (image: number[][]) => {
    const energy = image[0]!.map((_, i) => average(image.map((plane) => plane[i]! ** 2)));
    return energy.map((x) => x / Math.sqrt(total(energy.map((y) => y * y))));
  };
  return average(
    student.flatMap((image, n) => factor(image).map((x, i) => Math.abs(x - factor(teacher[n]!)[i]!))),
  );
};

describe.each([
  ['boundaries', small!, small!, (s: Tensor, t: Tensor) => boundaryDistance(s, t, 1), boundaries(1)],
  [
    'boundaries of a narrow margin',
    small!,
    small!,
    (s: Tensor, t: Tensor) => boundaryDistance(s, t, 0.2),
    boundaries(0.2),
  ],
  ['factors', small!, small!, factorDistance, factors],
  [
    'factors of a larger teacher',
    small!,
    large!,
    factorDistance,
    (s: Planes, t: Planes) => factors(s, pooled(t)),
  ],
] as const)('%s', (_, student, teacher, loss, expected) => {
  test('are what plain loops say', () => {
    const { value, inputs } = differentiate(loss, [student, teacher]);
    expect(value).toBeCloseTo(expected(mapsOf(inputs[0]!), mapsOf(inputs[1]!)), 9);
  });

  test('have the right gradient', () => {
    expect(checkGradients(loss, [student, teacher]).length).toBe(2);
  });
});

describe('the flow', () => {
  const loss = (...maps: Tensor[]) =>
    flowDistance([
      [maps[0]!, maps[1]!],
      [maps[2]!, maps[3]!],
      [maps[4]!, maps[5]!],
    ]);
  const inputs = [large!, small!, large!, small!, small!, small!];

  test('is what plain loops say', () => {
    const { value, inputs: filled } = differentiate(loss, inputs);
    const maps = filled.map(mapsOf);
    const matrices = (early: Planes, late: Planes) =>
      early.map((image, n) => image.flatMap((a) => late[n]!.map((b) => average(a.map((x, i) => x * b[i]!)))));
    const pair = (student: [Planes, Planes], teacher: [Planes, Planes]) => {
      const [s, t] = [matrices(...student).flat(), matrices(...teacher).flat()];
      return average(s.map((x, i) => (x - t[i]!) ** 2));
    };
    const [s0, t0, s1, t1, s2, t2] = maps as [Planes, Planes, Planes, Planes, Planes, Planes];
    const expected = pair([s0, s1], [t0, t1]) + pair([pooled(s1), s2], [t1, t2]);
    expect(value).toBeCloseTo(expected, 9);
  });

  test('has the right gradient', () => {
    expect(checkGradients(loss, inputs).length).toBe(6);
  });
});

/** Names, shapes and a function of tensors bound to them. */
function gradientsOf(
  variables: Readonly<Record<string, readonly number[]>>,
  x: SampleInput,
  build: (m: ReturnType<typeof boundScope>, x: Tensor) => Tensor,
) {
  const names = Object.keys(variables);
  return checkGradients(
    (input, ...tensors) =>
      build(boundScope(input.graph, Object.fromEntries(names.map((name, i) => [name, tensors[i]!]))), input),
    [
      x,
      ...names.map((name) => ({
        shape: variables[name]!,
        // offsets before batch norm have no influence
        differentiable: !/running|^conv\.bias|encoder\.[036]\.bias/.test(name),
      })),
    ],
    { tolerance: 1e-5 },
  );
}

const convolution = (name: string, from: number, to: number) => ({
  [`${name}.weight`]: [to, from, 3, 3],
  [`${name}.bias`]: [to],
});
const norm = (name: string, width: number) =>
  Object.fromEntries(
    ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${name}.${part}`, [width]]),
  );

test('gradients of a paraphraser are right', () => {
  const variables = {
    ...convolution('encoder.0', channels, channels),
    ...convolution('encoder.3', channels, 2),
    ...convolution('encoder.6', 2, 2),
    'decoder.0.weight': [2, 2, 3, 3],
    'decoder.0.bias': [2],
    'decoder.3.weight': [2, channels, 3, 3],
    'decoder.3.bias': [channels],
    'decoder.6.weight': [channels, channels, 3, 3],
    'decoder.6.bias': [channels],
  };
  const reports = gradientsOf(variables, small!, (m, x) => paraphrase(m, x, 2).reconstruction);
  expect(reports.length).toBe(10);
});

test('gradients of a translator and of a connector are right', () => {
  const translator = {
    ...convolution('encoder.0', channels, channels),
    ...norm('encoder.1', channels),
    ...convolution('encoder.3', channels, 2),
    ...norm('encoder.4', 2),
    ...convolution('encoder.6', 2, 2),
    ...norm('encoder.7', 2),
  };
  expect(gradientsOf(translator, small!, (m, x) => translate(m, x, 2)).length).toBe(10);
  const connector = { ...convolution('conv', channels, 4), ...norm('bn', 4) };
  expect(gradientsOf(connector, large!, (m, x) => convConnector(m, x, [batch, 4, 2, 2])).length).toBe(4);
});

describe('the distillers', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
  });
  afterAll(() => host.dispose());

  const student = {
    stem: [2, 4, 8, 8],
    'stage1.preact': [2, 4, 8, 8],
    stage1: [2, 4, 8, 8],
    stage2: [2, 8, 4, 4],
    embedding: [2, 8],
    logits: [2, 3],
  };
  const wider = { ...student, 'stage1.preact': [2, 6, 8, 8], stage1: [2, 6, 8, 8], stage2: [2, 12, 4, 4] };

  test('ab trains stages and connectors first, then nothing but the cross-entropy is left', () => {
    const { losses, initial, trace, student: ours } = buildDistiller(host, 'ab', { student, teacher: wider });
    expect(losses).toEqual({});
    expect(initial).toMatchObject({ epochs: 30, trains: 'all', losses: { ab: { weight: 3e-3 } } });
    expect(initial?.lr).toBeUndefined();
    expect([...ours.inputs.keys()]).toEqual(['student.stage1.preact', 'student.stage2']);
    expect(trace.variables.get('ab.connectors.0.conv.weight')!.tensor.shape).toEqual([6, 4, 1, 1]);
    const same = buildDistiller(
      host,
      { use: 'ab', initialLr: 0.1, initialEpochs: 2 },
      { student, teacher: student },
    );
    expect(same.trace.variables.size).toBe(0);
    expect(same.initial).toMatchObject({ epochs: 2, lr: 0.1 });
  });

  test('fsp follows stem and stages in the student alone', () => {
    const {
      losses,
      initial,
      trace,
      student: ours,
    } = buildDistiller(host, 'fsp', { student, teacher: student });
    expect(losses).toEqual({});
    expect(initial).toMatchObject({ epochs: 30, trains: 'student', losses: { fsp: { weight: 1 } } });
    expect([...ours.inputs.keys()]).toEqual(['student.stem', 'student.stage1', 'student.stage2']);
    expect(trace.variables.size).toBe(0);
  });

  test('fsp refuses other channels, naming both sides and shapes, and a single map', () => {
    expect(() => buildDistiller(host, 'fsp', { student, teacher: wider })).toThrow(
      "'stage1' of student 'student' is [2, 4, 8, 8], 'stage1' of teacher 'teacher' [2, 6, 8, 8]",
    );
    expect(() =>
      buildDistiller(host, { use: 'fsp', taps: ['stage2'] }, { student, teacher: student }),
    ).toThrow("there is one: 'stage2' [2, 8, 4, 4]");
  });

  test('ft trains its paraphraser first and never again', () => {
    const built = buildDistiller(host, 'ft', { student, teacher: wider });
    expect(built.initial).toMatchObject({
      epochs: 30,
      trains: 'extras',
      losses: { reconstruction: { weight: 1 } },
    });
    expect(built.losses).toMatchObject({ factor: { weight: 200, value: { shape: [] } } });
    const shape = (name: string) => built.trace.variables.get(`ft.${name}`)!.tensor.shape;
    expect(shape('paraphraser.encoder.3.weight')).toEqual([6, 12, 3, 3]);
    expect(shape('paraphraser.decoder.3.weight')).toEqual([6, 12, 3, 3]);
    expect(shape('translator.encoder.3.weight')).toEqual([6, 8, 3, 3]);
  });

  // RepDistiller's list: its ResNets and wide ResNets
  test.each([
    ['resnet8x4', 0.01],
    ['wrn_16_2', 0.01],
    ['vgg8', undefined],
    ['MobileNetV2', undefined],
    ['ResNet50', undefined],
  ])('ft starts %s at a rate of %s', (studentId, lr) => {
    const of = (use: Use) =>
      buildDistiller(host, use, { student, teacher: wider }, { studentId }).initial?.lr;
    expect(of('ft')).toBe(lr);
    expect(of({ use: 'ft', initialLr: 0.2 })).toBe(0.2);
  });

  test('ab leaves the last batch norm of a wide ResNet out', () => {
    const stages = { ...student, 'stage2.preact': [2, 8, 4, 4] };
    const of = (studentId: string) =>
      buildDistiller(host, 'ab', { student: stages, teacher: stages }, { studentId }).student.inputs.keys();
    expect([...of('wrn_16_2')]).toEqual(['student.stage1.preact', 'student.stage2']);
    expect([...of('resnet8')]).toEqual(['student.stage1.preact', 'student.stage2.preact']);
  });
});
