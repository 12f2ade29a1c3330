import { readFileSync } from 'node:fs';
import { program, verify } from '@limbeck/graph';
import {
  compareBackboneStructure,
  compareBackboneValues,
  type GoldenBackbone,
  parameterCount,
  referenceBackend,
  tapShapes,
  traceBackbone,
} from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { mobileNets } from './index.js';

const byId = (id: string) => mobileNets.find((backbone) => backbone.id === id)!;

const cifar = { image: [1, 3, 32, 32], classes: 100 };
const imageNet = { image: [1, 3, 224, 224], classes: 1000 };

/** Parameters, counted from the published code. */
const published = [
  ['MobileNetV1', imageNet, 4_231_976],
  ['MobileNetV2', cifar, 812_836],
  ['MobileNetV2_1_0', cifar, 2_353_060],
  ['mobilenet_v2', imageNet, 3_504_872],
] as const;

test('the zoo holds the published models and no others', () => {
  expect(mobileNets.map(({ id }) => id)).toEqual(published.map(([id]) => id));
});

test.each(published)('%s has the published number of parameters', (id, batch, count) => {
  expect(parameterCount(traceBackbone(byId(id), batch))).toBe(count);
});

describe('golden values of MobileNetV2 at half width', () => {
  const file = new URL('../../../test/golden/backbones.json', import.meta.url);
  const { seed, models } = JSON.parse(readFileSync(file, 'utf8')) as {
    seed: number;
    models: Record<string, GoldenBackbone>;
  };
  const golden = models.MobileNetV2!;

  test('the structure is the published one', () => {
    const differences = compareBackboneStructure(byId('MobileNetV2'), golden);
    expect(differences.filter(({ relative }) => relative > 0)).toEqual([]);
  });

  test('the numbers are the published ones', async () => {
    const settings = { seed: String(seed), backend: referenceBackend };
    const values = await compareBackboneValues(byId('MobileNetV2'), golden, settings);
    expect(values.length).toBeGreaterThan(10);
    expect(values.filter(({ relative }) => relative > 1e-3)).toEqual([]);
  });
});

describe('taps', () => {
  test.each(['MobileNetV2', 'mobilenet_v2'])('%s has linear bottlenecks, their own pre-activations', (id) => {
    const { taps } = traceBackbone(byId(id), cifar);
    for (const stage of ['stage1', 'stage2', 'stage3', 'stage4']) {
      expect(taps.get(`${stage}.preact`)).toBe(taps.get(stage));
    }
  });

  test('mobilenet_v2 has those of torchvision', () => {
    expect(tapShapes(traceBackbone(byId('mobilenet_v2'), imageNet))).toMatchObject({
      stem: [32, 112, 112],
      stage1: [24, 56, 56],
      stage2: [32, 28, 28],
      stage3: [96, 14, 14],
      stage4: [320, 7, 7],
      'last-map': [1280, 7, 7],
      embedding: [1280],
    });
  });

  test('MobileNetV1 has a stage for every resolution, before and after the ReLU', () => {
    expect(tapShapes(traceBackbone(byId('MobileNetV1'), imageNet))).toEqual({
      stem: [32, 112, 112],
      'stage1.preact': [128, 56, 56],
      stage1: [128, 56, 56],
      'stage2.preact': [256, 28, 28],
      stage2: [256, 28, 28],
      'stage3.preact': [512, 14, 14],
      stage3: [512, 14, 14],
      'stage4.preact': [1024, 7, 7],
      stage4: [1024, 7, 7],
      'last-map': [1024, 7, 7],
      embedding: [1024],
      logits: [1000],
    });
  });
});

describe('names of state dicts without golden values', () => {
  const names = (id: string) => [...traceBackbone(byId(id), cifar).trace.variables.keys()];

  test('mobilenet_v2 has those of torchvision', () => {
    expect(
      names('mobilenet_v2').filter((name) => name.endsWith('.weight') && /\.(0|1|2|18)\./.test(name)),
    ).toEqual(
      expect.arrayContaining([
        'features.0.0.weight',
        'features.0.1.weight',
        'features.1.conv.0.0.weight',
        'features.1.conv.0.1.weight',
        'features.1.conv.1.weight',
        'features.1.conv.2.weight',
        'features.2.conv.0.0.weight',
        'features.2.conv.1.0.weight',
        'features.2.conv.1.1.weight',
        'features.2.conv.2.weight',
        'features.2.conv.3.weight',
        'features.18.0.weight',
        'features.18.1.weight',
        'classifier.1.weight',
      ]),
    );
    expect(names('mobilenet_v2')).toHaveLength(262);
  });

  test('MobileNetV1 has those of PEFD', () => {
    expect(names('MobileNetV1')).toEqual(
      expect.arrayContaining([
        'model1.0.0.weight',
        'model1.0.1.running_mean',
        'model1.1.0.weight',
        'model1.1.1.weight',
        'model1.1.3.weight',
        'model1.1.4.weight',
        'model1.11.4.bias',
        'model2.0.0.weight',
        'model2.1.4.running_var',
        'fc.bias',
      ]),
    );
    expect(names('MobileNetV1')).toHaveLength(137);
  });
});

test.each(
  mobileNets.flatMap(({ id }) =>
    [
      [2, 1, 28, 28],
      [2, 3, 64, 64],
      [2, 3, 224, 224],
    ].map((image) => [id, image] as const),
  ),
)('%s takes images %j', (id, image) => {
  const { embedding, logits } = traceBackbone(byId(id), { image, classes: 10, mode: 'train' });
  expect(embedding.shape).toEqual([image[0], id === 'MobileNetV1' ? 1024 : 1280]);
  expect(logits.shape).toEqual([image[0], 10]);
  verify(program({ name: id, outputs: { logits } }));
});

test.each([
  ['MobileNetV1', 'model1.1.0.weight', 'torch-default'],
  ['MobileNetV1', 'fc.weight', 'torch-default'],
  ['MobileNetV2', 'blocks.1.0.conv.3.weight', 'kaiming-normal(out)'],
  ['MobileNetV2', 'classifier.0.weight', 'normal(0.01)'],
  ['MobileNetV2', 'classifier.0.bias', 'constant(0)'],
  ['mobilenet_v2', 'features.2.conv.1.0.weight', 'kaiming-normal(out)'],
  ['mobilenet_v2', 'classifier.1.weight', 'normal(0.01)'],
])('%s draws %s as published, %s', (id, name, initializer) => {
  const { variables } = traceBackbone(byId(id), cifar).trace;
  expect(variables.get(name)!.initializer.name).toBe(initializer);
});
