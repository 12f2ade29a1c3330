import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeZoo } from '@limbeck/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { mobileNets } from './index.js';

const published = {
  cifar: { image: [3, 32, 32], classes: 100 },
  imageNet: { image: [3, 224, 224], classes: 1000 },
} as const;

/** Parameters, counted from the published code. */
describeZoo(mobileNets, {
  published: {
    MobileNetV1: { ...published.imageNet, parameters: 4_231_976 },
    MobileNetV2: { ...published.cifar, parameters: 812_836 },
    MobileNetV2_1_0: { ...published.cifar, parameters: 2_353_060 },
    mobilenet_v2: { ...published.imageNet, parameters: 3_504_872 },
  },
  variants: [{ stem: 'cifar' }],
  computed: { MobileNetV2: [3, 8, 8] },
  golden: ['backbones.json', 'published-backbones.json'].map(
    (file) => new URL(`../../../test/golden/${file}`, import.meta.url),
  ),
  goldenValues: { MobileNetV2: 'both modes' },
});

const byId = (id: string) => mobileNets.find((backbone) => backbone.id === id)!;

const cifar = { image: [1, 3, 32, 32], classes: 100 };
const imageNet = { image: [1, 3, 224, 224], classes: 1000 };

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
