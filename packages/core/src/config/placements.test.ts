import { describe, expect, it } from 'vitest';
import { isFileTeacher, placements, resolveConfig, teachersOf } from '../host.js';
import { defineConfig } from '../index.js';

const minimal = { data: { use: 'd' }, student: { use: 's' }, train: { epochs: 2 } };

/** The design's example, as a user writes it. */
const example = defineConfig({
  data: { use: 'fashion-mnist', batchSize: 64, augment: [{ use: 'pad-crop', pad: 4 }, 'flip'] },
  teacher: { use: 'resnet32x4', weights: 'teacher.safetensors', backend: 'onnx', precision: 'int8' },
  student: { use: 'resnet8x4' },
  distiller: { use: 'projector-ensemble', projectors: 3, weight: 25 },
  train: {
    epochs: 240,
    optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4 },
    schedule: { use: 'multi-step', milestones: [150, 180, 210], gamma: 0.1 },
    seed: 10,
  },
  backend: 'auto',
});

const resolve = (...layers: unknown[]) =>
  resolveConfig(layers.map((value, i) => ({ source: `layer ${i}`, value })));

describe('several teachers', () => {
  const [large, other] = [
    { name: 'large', use: 'resnet32x4', weights: 'a', depth: 3 },
    { use: 'wrn', weights: 'b' },
  ];
  const teaching = (teacher: unknown, distiller: unknown) => resolve(minimal, { teacher, distiller });

  it('are placed each on its own', () => {
    const { config } = teaching([{ ...large, backend: 'onnx', precision: 'int8' }, other], 'kd');
    expect(placements(config).teachers).toEqual([
      { use: 'onnx', precision: 'int8' },
      { use: 'auto', precision: 'float32' },
    ]);
  });

  it.each<[string, unknown, unknown, RegExp]>([
    ['two of one name', [large, { ...other, name: 'large' }], 'kd', /teacher\.1\.name: .*called 'large'/],
    ['a name with a meaning', { ...large, name: 'image' }, 'kd', /teacher\.name: .*'image' has a meaning/],
    [
      'one that a distiller asks for and nobody is',
      [large, other],
      [{ use: 'kd', teacher: 'larg' }],
      /distiller\.0\.teacher: .*did you mean 'large'/i,
    ],
    ['one without weights', [{ use: 'wrn' }], 'kd', /teacher\.0\.weights: is missing/],
  ])('are refused: %s', (_, teacher, distiller, message) => {
    expect(() => teaching(teacher, distiller)).toThrow(message);
  });
});

describe('metrics', () => {
  const measured = (metrics: unknown, more: object = {}) =>
    resolve(example, { train: { evaluate: { metrics }, ...more } }).config;

  it.each<[string, unknown, object, RegExp]>([
    ['two of one name', ['top1', 'ece', { use: 'ece', bins: 10 }], {}, /metrics\.2\.name: .*called 'ece'/],
    [
      'a name with a meaning',
      [{ use: 'top1', name: 'epoch' }],
      {},
      /metrics\.0\.name: .*'epoch' has a meaning/,
    ],
    [
      'a teacher nobody is',
      [{ use: 'teacher-cosine', teacher: 'techer' }],
      {},
      /metrics\.0\.teacher: .*did you mean 'teacher'/i,
    ],
    [
      'an id to stop by where there is a name',
      [{ use: 'nll', name: 'loss' }],
      { earlyStopping: { patience: 1, metric: 'nll' } },
      /expected one of train\.evaluate\.metrics: loss/,
    ],
  ])('are refused: %s', (_, metrics, more, message) => {
    expect(() => measured(metrics, more)).toThrow(message);
  });
});

describe('a model from a file as teacher', () => {
  const taught = (teacher: unknown) => resolve(minimal, { teacher, distiller: 'kd' }).config;

  it('says what is not in the file', () => {
    const config = taught({
      onnx: 'model.onnx',
      taps: { embedding: 'flat', stage3: { tensor: 'map', layout: 'NHWC' } },
      input: { layout: 'NHWC', scale: 255, normalization: 'none', size: [32, 32] },
    });
    const [teacher] = teachersOf(config);
    expect(isFileTeacher(teacher!)).toBe(true);
    expect(teacher).toMatchObject({
      taps: {
        embedding: { tensor: 'flat', layout: 'NCHW' },
        stage3: { tensor: 'map', layout: 'NHWC' },
      },
      input: { layout: 'NHWC', scale: 255, normalization: 'none', size: [32, 32] },
    });
    expect(taught({ onnx: 'model.onnx', input: {} }).teacher).toMatchObject({
      input: { layout: 'NCHW', scale: 1 },
    });
  });

  it.each<[string, object, RegExp]>([
    ['beside a backbone', { onnx: 'm', use: 'wrn' }, /teacher.use: .*either a backbone or `onnx`/],
    ['with weights', { onnx: 'm', weights: 'w' }, /teacher.weights: .*either a backbone or `onnx`/],
    ['in int8', { onnx: 'm', precision: 'int8' }, /teacher.precision: .*runs as it is/],
    ['with options', { onnx: 'm', depth: 3 }, /teacher.depth: is no key .*; known here: name,/],
    [
      'with taps of its logits',
      { onnx: 'm', taps: { logits: 'x' } },
      /teacher.taps: .*beside it, as `logits`/,
    ],
    ['with another layout', { onnx: 'm', input: { layout: 'CHWN' } }, /teacher.input.layout: .*NCHW/],
    [
      'missing, with taps',
      { use: 'wrn', weights: 'w', taps: { a: 'b' } },
      /teacher.taps: .*`onnx` beside it/,
    ],
    ['missing, with all else', { weights: 'w' }, /teacher.use: .*a backbone, or a file in `onnx`/],
  ])('is refused %s', (_, teacher, message) => {
    expect(() => taught(teacher)).toThrow(message);
  });
});

describe('placements', () => {
  it("put the teacher on the run's backend and device, unless it says otherwise", () => {
    const of = (backend: object, teacher: object) =>
      placements(
        resolve(example, { backend, teacher: { backend: null, precision: null, ...teacher } }).config,
      );
    const run = { use: 'onnx', device: 'webgpu', threads: 2 };
    expect(of(run, {})).toEqual({
      student: { ...run, precision: 'float32' },
      teachers: [{ ...run, precision: 'float32' }],
    });
    expect(of(run, { backend: 'tfjs', precision: 'int8' }).teachers[0]).toEqual({
      use: 'tfjs',
      precision: 'int8',
      threads: 2,
    });
    expect(placements(resolve(minimal).config)).toEqual({
      student: { use: 'auto', precision: 'float32' },
      teachers: [],
    });
  });
});
