import { describe, expect, it } from 'vitest';
import {
  type ConfigLayer,
  canonicalJson,
  configJsonSchema,
  configToJson,
  extendsOf,
  parseSet,
  resolveConfig,
} from '../host.js';
import { defineConfig, definePlugin, type LimbeckError } from '../index.js';

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

const file = (value: unknown): ConfigLayer => ({ source: 'file', value });
const resolve = (...layers: unknown[]) =>
  resolveConfig(layers.map((value, i) => ({ source: i === 0 ? 'file' : `layer ${i}`, value })));

const failure = (...layers: ConfigLayer[]): LimbeckError => {
  try {
    resolveConfig(layers);
  } catch (error) {
    return error as LimbeckError;
  }
  throw new Error('the configuration was resolved');
};

describe('defaults', () => {
  it('are all there', () => {
    expect(resolve(minimal).config).toEqual({
      plugins: [],
      data: {
        use: 'd',
        batchSize: 64,
        evalBatchSize: 250,
        augment: [],
        evaluation: [],
        batchTransforms: [],
        sampling: 'shuffled',
        prefetch: 2,
        onError: 'stop',
      },
      student: { use: 's' },
      task: { use: 'cross-entropy' },
      train: {
        epochs: 2,
        optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4, groups: [] },
        transforms: [],
        accumulate: 1,
        freeze: [],
        schedule: { use: 'constant' },
        seed: 1,
        evaluate: { every: 1, metrics: [{ use: 'top1' }], splits: ['test'] },
        checkpoint: { everyEpochs: 1, keep: { last: 2, best: true } },
        deploy: 'last',
        export: [{ use: 'onnx' }],
      },
      backend: { use: 'auto', precision: 'float32' },
    });
  });

  it('change the standard optimizer only where none is named', () => {
    const optimizer = (written: object) =>
      resolve(minimal, { train: { optimizer: written } }).config.train.optimizer;
    expect(optimizer({ lr: 0.1 })).toMatchObject({ use: 'sgd', lr: 0.1, momentum: 0.9 });
    expect(optimizer({ use: 'sgd', lr: 0.1 })).toEqual({ use: 'sgd', lr: 0.1, groups: [] });
    expect(() => optimizer({ use: 'adamw' })).toThrow(
      /train\.optimizer\.lr: is missing; expected the learning rate of 'adamw'/,
    );
  });
});

describe('the result', () => {
  it('keeps options and turns bare ids into objects', () => {
    const { config } = resolve(example);
    expect(config.data.augment).toEqual([{ use: 'pad-crop', pad: 4 }, { use: 'flip' }]);
    expect(config.distiller).toEqual({ use: 'projector-ensemble', projectors: 3, weight: 25 });
    expect(config.train.schedule).toEqual({ use: 'multi-step', milestones: [150, 180, 210], gamma: 0.1 });
  });

  it('is frozen all the way down, and leaves what was written alone', () => {
    const written = structuredClone(minimal);
    const { config } = resolve(written);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.train.evaluate.metrics[0])).toBe(true);
    expect(Object.isFrozen(written.data)).toBe(false);
    expect(written).toEqual(minimal);
  });

  it('holds plugins as they are, without falsy ones', () => {
    const plugin = definePlugin({ name: '@test/p', api: 1, setup: () => undefined });
    const { config } = resolve({
      ...minimal,
      plugins: [false, plugin, null, ['./p.js', { a: 1 }], undefined, 'q'],
    });
    expect(config.plugins).toEqual([plugin, ['./p.js', { a: 1 }], 'q']);
    expect(config.plugins[0]).toBe(plugin);
    expect(configToJson(config).plugins).toEqual(['@test/p', ['./p.js', { a: 1 }], 'q']);
  });

  it('resolves again from its JSON form to the same', () => {
    const json = configToJson(resolve(example).config);
    const again = configToJson(resolve(JSON.parse(JSON.stringify(json))).config);
    expect(canonicalJson(again)).toBe(canonicalJson(json));
  });
});

describe('defineConfig', () => {
  it('finds misspelt keys and wrong types as they are written', () => {
    // @ts-expect-error a key of the run that does not exist
    defineConfig({ ...minimal, distillr: 'kd' });
    // @ts-expect-error a key of the training that does not exist
    defineConfig({ ...minimal, train: { epochs: 1, lr: 0.1 } });
    // @ts-expect-error a wrong type
    defineConfig({ ...minimal, train: { epochs: 'ten' } });
    // @ts-expect-error the data set is missing
    const config = defineConfig({ student: { use: 's' }, train: { epochs: 1 } });
    expect(config).toEqual({ student: { use: 's' }, train: { epochs: 1 } });
  });
});

describe('extendsOf', () => {
  it('lists presets', () => {
    expect(extendsOf({ extends: './a.js' }, 'file')).toEqual(['./a.js']);
    expect(extendsOf({ extends: ['a', 'b'] }, 'file')).toEqual(['a', 'b']);
    expect(extendsOf({}, 'file')).toEqual([]);
  });

  it.each([[3], [''], [['a', null]], [{}]])('refuses %j', (value) => {
    expect(() => extendsOf({ extends: value }, 'file')).toThrowError(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/^file: extends: found/),
      }),
    );
  });
});

describe('configJsonSchema', () => {
  it('says what a configuration may hold', () => {
    expect(configJsonSchema()).toMatchObject({
      type: 'object',
      required: ['data', 'student', 'train'],
      additionalProperties: false,
      properties: {
        train: { properties: { epochs: { type: 'integer', minimum: 1 }, seed: { default: 1 } } },
      },
    });
  });
});

describe('canonicalJson', () => {
  it('does not depend on the order of keys, but on that of lists', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: -0 })).toBe('{"a":0,"b":[1,{"c":"x","d":null}]}');
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });
});

describe('layers', () => {
  it('merge objects deep and replace lists', () => {
    const { config } = resolve(
      { ...minimal, data: { use: 'd', augment: ['a', 'b'], root: { x: 1, y: 2 } } },
      { data: { augment: ['c'], root: { y: 3 }, batchSize: undefined } },
    );
    expect(config.data).toEqual({
      use: 'd',
      batchSize: 64,
      evaluation: [],
      batchTransforms: [],
      onError: 'stop',
      sampling: 'shuffled',
      prefetch: 2,
      evalBatchSize: 250,
      augment: [{ use: 'c' }],
      root: { x: 1, y: 3 },
    });
  });

  it('lose the options of a contribution that is no longer named, and only those', () => {
    const { config, provenance } = resolve(example, {
      data: { use: 'cifar' },
      teacher: { use: 'wrn', weights: 'w' },
      distiller: { use: 'kd', temperature: 4 },
      train: { optimizer: { use: 'adamw', lr: 1e-3 }, schedule: 'cosine' },
    });
    expect(config.data).toMatchObject({
      use: 'cifar',
      batchSize: 64,
      augment: [{ use: 'pad-crop', pad: 4 }, { use: 'flip' }],
    });
    expect(config.teacher).toMatchObject({
      name: 'teacher',
      use: 'wrn',
      weights: { file: 'w', strict: true, head: 'load' },
      backend: 'onnx',
      precision: 'int8',
    });
    expect(config.distiller).toEqual({ use: 'kd', temperature: 4 });
    expect(config.train.optimizer).toEqual({ use: 'adamw', lr: 1e-3, groups: [] });
    expect(config.train.schedule).toEqual({ use: 'cosine' });
    expect(provenance.has('distiller.projectors')).toBe(false);
  });

  it('lose them within options too', () => {
    const projector = (written: object) => ({ distiller: { projector: written } });
    const { config } = resolve(example, projector({ use: 'mlp', hidden: 64 }), projector({ use: 'linear' }));
    expect(config.distiller).toEqual({
      use: 'projector-ensemble',
      projectors: 3,
      weight: 25,
      projector: { use: 'linear' },
    });
  });

  it('keep the options of a contribution that is named again', () => {
    expect(resolve(example, { distiller: 'projector-ensemble' }).config.distiller).toMatchObject({
      weight: 25,
    });
  });

  it('take away with null', () => {
    const { config, provenance } = resolve(example, {
      teacher: null,
      distiller: null,
      data: { batchSize: null },
    });
    expect(config).not.toHaveProperty('teacher');
    expect(config).not.toHaveProperty('distiller');
    expect(provenance.get('data.batchSize')).toBe('default');
  });

  it('ignore extends, which the loader has followed', () => {
    expect(resolve({ ...minimal, extends: './base.js' }).config).not.toHaveProperty('extends');
  });

  it.each([
    ['__proto__', JSON.parse('{"data":{"__proto__":{"polluted":true}}}')],
    ['constructor', { data: { constructor: { prototype: { polluted: true } } } }],
    ['prototype', { prototype: {} }],
  ])('refuse the key %s', (key, layer) => {
    expect(failure(file(minimal), { source: 'evil', value: layer })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`^evil: the key '.*${key}' is not allowed`)),
    });
    expect({}).not.toHaveProperty('polluted');
  });

  it('refuse what is no JSON, and cycles', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const message = (value: unknown) => failure(file(value)).message;
    expect(message({ data: { make: () => 1 } })).toBe(
      'file: data.make: found the function make, expected a JSON value',
    );
    expect(message({ train: { epochs: Number.NaN } })).toContain('train.epochs: found NaN');
    expect(message({ data: { since: new Date(0) } })).toContain('data.since: found a Date');
    expect(message(cycle)).toContain('nested too deeply');
    expect(message([minimal])).toContain('expected an object');
    expect(message(() => minimal)).toBe('file: found a function, expected an object');
  });
});

describe('--set', () => {
  const set = (...texts: string[]) => resolveConfig([file(example), ...texts.map(parseSet)]);

  it('reads JSON, and text where it is none', () => {
    const value = (text: string) => (parseSet(`a=${text}`).value as { a: unknown }).a;
    expect(['3', 'true', '[1,2]', '"3"', 'kd', '', 'a=b', '1e-3'].map(value)).toEqual([
      3,
      true,
      [1, 2],
      '3',
      'kd',
      '',
      'a=b',
      0.001,
    ]);
    expect(parseSet('a.b.0.c=x').value).toEqual({ a: { b: { 0: { c: 'x' } } } });
  });

  it('changes values, elements of lists and bare ids', () => {
    const { config, provenance } = set(
      'train.epochs=3',
      'data.augment.1.p=0.3',
      'data.augment.2=cutout',
      'backend=onnx',
    );
    expect(config.train.epochs).toBe(3);
    expect(config.data.augment).toEqual([
      { use: 'pad-crop', pad: 4 },
      { use: 'flip', p: 0.3 },
      { use: 'cutout' },
    ]);
    expect(config.backend).toEqual({ use: 'onnx', precision: 'float32' });
    expect(provenance.get('data.augment.1.p')).toBe('--set data.augment.1.p=0.3');
    expect(provenance.get('data.augment.1.use')).toBe('file');
  });

  it.each([
    ['train.epochs', /has no `=`/],
    ['=3', /has no path/],
    ['a..b=3', /empty part/],
    ['.a=3', /empty part/],
    ['a={use: kd}', /a=\{use: kd\}: is no JSON/],
    ['a=[kd, dkd]', /is no JSON/],
  ])('refuses %s', (text, message) => {
    expect(() => parseSet(text)).toThrowError(
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
    );
  });

  it('refuses keys of prototypes, and elements that are not there', () => {
    expect(() => parseSet('a.__proto__.b=1')).toThrow(/not allowed/);
    expect(() => set('data.augment.7=flip')).toThrow(/data\.augment has 2 elements, there is no element 7/);
    expect(() => set('data.augment.0=null')).toThrow(/cannot be taken away alone/);
  });
});

describe('messages', () => {
  it('give path, what was found, what is allowed and the layer, for every problem', () => {
    const error = failure(
      file({ ...minimal, student: {}, train: { epochs: 'ten', lr: 0.1, scheduel: 'cosine' } }),
      parseSet('data.batchSize=0'),
      parseSet('backend.precision=float31'),
      parseSet('data.augment=1'),
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 });
    expect(error.message).toMatchInlineSnapshot(`
      "the configuration has 7 problems:
        data.batchSize: found 0, expected number to be >=1 [--set data.batchSize=0]
        data.augment: found 1, expected array [--set data.augment=1]
        student.use: is missing; expected string
        train.epochs: found "ten", expected number [file]
        train.lr: is no key of a configuration - did you mean 'train.optimizer.lr'?; known here: epochs, optimizer, transforms, accumulate, ema, freeze, schedule, seed, evaluate, checkpoint, deploy, export, earlyStopping [file]
        train.scheduel: is no key of a configuration - did you mean 'schedule'?; known here: epochs, optimizer, transforms, accumulate, ema, freeze, schedule, seed, evaluate, checkpoint, deploy, export, earlyStopping [file]
        backend.precision: found "float31", expected one of "float32"|"bfloat16"|"int8" - did you mean 'float32'? [--set backend.precision=float31]"
    `);
    expect(error.details.problems).toContainEqual({
      path: 'train.epochs',
      problem: 'found "ten", expected number',
      source: 'file',
    });
  });

  it.each<[string, object, RegExp]>([
    [
      'a misspelt key',
      { distillr: 'kd' },
      /distillr: is no key of a configuration - did you mean 'distiller'\?/,
    ],
    [
      'a distiller without a teacher',
      { distiller: 'kd' },
      /distiller: found \{"use":"kd"\}, a distiller needs a teacher/,
    ],
    ['a wrong use', { distiller: 3 }, /distiller: found 3, expected string or object or array/],
    [
      'a use without an id',
      { train: { schedule: { gamma: 1 } } },
      /train\.schedule\.use: is missing; expected string/,
    ],
    [
      'a bad pattern',
      { train: { optimizer: { groups: [{ match: '(' }] } } },
      /groups\.0\.match: found "\(", expected a regular/,
    ],
    [
      'a metric that is not computed',
      { train: { earlyStopping: { patience: 1, metric: 'nll' } } },
      /metric: found "nll", expected one of .*: top1/,
    ],
    [
      'layers of a teacher nobody is',
      { student: { init: { from: 'techer' } } },
      /student\.init\.from: .*expected the name of a teacher - there are: none/,
    ],
    [
      'two beginnings',
      { student: { weights: 'x.pth', init: { from: 'teacher' } } },
      /student\.init: .*expected `init` or `weights`, not both/,
    ],
    [
      'weights of a file and of a run',
      { student: { weights: { file: 'x.pth', run: 'runs/a' } } },
      /student\.weights\.run: .*expected `file` or `run`, not both/,
    ],
    [
      'a best epoch that is not kept',
      { train: { deploy: 'best', checkpoint: { keep: { best: false } } } },
      /train\.deploy: .*'best' needs `train\.checkpoint\.keep\.best: true`/,
    ],
    ['uneven statistics', { data: { normalization: { mean: [0, 0], std: [1] } } }, /as many values in `std`/],
    [
      'a wrong plugin',
      { plugins: [{ name: 'x' }] },
      /plugins\.0: found \{"name":"x"\}, expected .*package name/,
    ],
  ])('speak of %s', (_, layer, message) => {
    expect(failure(file(minimal), { source: 'more', value: layer }).message).toMatch(message);
  });
});

describe('provenance', () => {
  it('names the layer of every value', () => {
    const { provenance } = resolveConfig([
      { source: 'preset', value: { ...minimal, data: { use: 'd', batchSize: 32 } } },
      { source: 'file', value: { train: { epochs: 5 } } },
      parseSet('train.optimizer.lr=0.2'),
    ]);
    expect(Object.fromEntries(provenance)).toMatchObject({
      'data.use': 'preset',
      'data.batchSize': 'preset',
      'data.evalBatchSize': 'default',
      'data.augment': 'default',
      'train.epochs': 'file',
      'train.optimizer.lr': '--set train.optimizer.lr=0.2',
      'train.optimizer.momentum': 'default',
      'backend.use': 'default',
    });
  });

  it('is explained, with what was overridden and what the key means', () => {
    const { explain } = resolveConfig([file(minimal), parseSet('train.epochs=9')]);
    expect(explain('train.epochs')).toEqual([
      {
        path: 'train.epochs',
        value: 9,
        source: '--set train.epochs=9',
        overridden: [{ source: 'file', value: 2 }],
        description: 'Times the training images are seen.',
      },
    ]);
    expect(explain('train.evaluate').map(({ path, source }) => [path, source])).toEqual([
      ['train.evaluate.every', 'default'],
      ['train.evaluate.metrics.0.use', 'default'],
      ['train.evaluate.splits.0', 'default'],
    ]);
    expect(explain()).toHaveLength(explain('train').length + 14);
  });

  it('describes every key of the run itself', () => {
    const { explain } = resolve({ ...example, name: 'n', task: { weight: 1 } });
    const options = /pad$|distiller\.|schedule\.|momentum|weightDecay|augment|metrics/;
    const silent = explain().filter(({ path, description }) => !description && !options.test(path));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('suggests near paths, and knows keys that are not set', () => {
    const { explain } = resolve(minimal);
    expect(() => explain('train.epoch')).toThrowError(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining("'train.epochs'") }),
    );
    expect(() => explain('teacher')).toThrow(/'teacher' is not set.*frozen model/);
  });
});
