import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeZoo } from '@limbeck/testkit/vitest';
import { expect, test } from 'vitest';
import { vggs } from './index.js';

const cifar = { image: [3, 32, 32], classes: 100 } as const;

/** Parameters, counted from the published code. */
describeZoo(vggs, {
  published: {
    vgg8: { ...cifar, parameters: 3_965_028 },
    vgg11: { ...cifar, parameters: 9_277_284 },
    vgg13: { ...cifar, parameters: 9_462_180 },
    vgg16: { ...cifar, parameters: 14_774_436 },
    vgg19: { ...cifar, parameters: 20_086_692 },
  },
  variants: [{ stem: 'imagenet' }],
  golden: [new URL('../../../test/golden/backbones.json', import.meta.url)],
  goldenValues: { vgg8: 'evaluation' },
});

const [vgg8] = vggs as [(typeof vggs)[number]];

const atPublishedSize = () => traceBackbone(vgg8, { image: [1, 3, 32, 32], classes: 100 });

test('vgg8 has the last ReLU of every block outside, and taps on both sides of it', () => {
  expect(tapShapes(atPublishedSize())).toEqual({
    stem: [64, 32, 32],
    'stage1.preact': [128, 16, 16],
    stage1: [128, 16, 16],
    'stage2.preact': [256, 8, 8],
    stage2: [256, 8, 8],
    'stage3.preact': [512, 4, 4],
    stage3: [512, 4, 4],
    'stage4.preact': [512, 4, 4],
    stage4: [512, 4, 4],
    'last-map': [512, 4, 4],
    embedding: [512],
    logits: [100],
  });
});

test.each([
  ['cifar', 28, 3],
  ['cifar', 32, 4],
  ['cifar', 64, 4],
  ['cifar', 224, 14],
  ['imagenet', 32, 1],
  ['imagenet', 28, 1],
  ['imagenet', 224, 7],
] as const)('with the stem %s, an image of %i ends in a map of %i', (stem, size, expected) => {
  const { taps } = traceBackbone(vgg8, { image: [1, 3, size, size], classes: 10, options: { stem } });
  expect(taps.get('last-map')!.shape).toEqual([1, 512, expected, expected]);
});

test('layers start as published: biases of convolutions and the classifier at zero', () => {
  const { variables } = atPublishedSize().trace;
  expect(variables.get('block0.0.bias')!.initializer.name).toBe('constant(0)');
  expect(variables.get('block4.0.weight')!.initializer.name).toBe('kaiming-normal(out)');
  expect(variables.get('classifier.weight')!.initializer.name).toBe('normal(0.01)');
  expect(variables.get('classifier.bias')!.initializer.name).toBe('constant(0)');
});
