import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeZoo } from '@limbeck/testkit/vitest';
import { expect, test } from 'vitest';
import { denseNets } from './index.js';

const imageNet = { image: [3, 224, 224], classes: 1000 } as const;

/** Parameters, counted from torchvision's code. */
describeZoo(denseNets, {
  published: {
    densenet121: { ...imageNet, parameters: 7_978_856 },
    densenet161: { ...imageNet, parameters: 28_681_000 },
    densenet169: { ...imageNet, parameters: 14_149_480 },
    densenet201: { ...imageNet, parameters: 20_013_928 },
  },
  variants: [{ stem: 'cifar' }],
  golden: [new URL('../../../test/golden/published-backbones.json', import.meta.url)],
});

const densenet201 = denseNets.at(-1)!;

test('densenet201 has taps behind the batch norm that ends each block, and behind its ReLU', () => {
  expect(tapShapes(traceBackbone(densenet201, { image: [1, 3, 224, 224], classes: 1000 }))).toEqual({
    stem: [64, 56, 56],
    'stage1.preact': [256, 56, 56],
    stage1: [256, 56, 56],
    'stage2.preact': [512, 28, 28],
    stage2: [512, 28, 28],
    'stage3.preact': [1792, 14, 14],
    stage3: [1792, 14, 14],
    'stage4.preact': [1920, 7, 7],
    stage4: [1920, 7, 7],
    'last-map': [1920, 7, 7],
    embedding: [1920],
    logits: [1000],
  });
});

test.each([
  ['imagenet', 28, [1, 1]],
  ['imagenet', 32, [1, 1]],
  ['cifar', 32, [4, 4]],
  ['cifar', 64, [8, 8]],
] as const)('with the stem %s, an image of %i ends in a map of %j', (stem, size, expected) => {
  const { taps } = traceBackbone(densenet201, {
    image: [1, 3, size, size],
    classes: 10,
    options: { stem },
  });
  expect(taps.get('last-map')!.shape.slice(2)).toEqual(expected);
});

test('layers start as published', () => {
  const { variables } = traceBackbone(densenet201, { image: [1, 3, 32, 32], classes: 10 }).trace;
  const initializer = (name: string) => variables.get(name)!.initializer.name;
  expect(initializer('features.denseblock1.denselayer6.conv2.weight')).toBe('kaiming-normal(in)');
  expect(initializer('classifier.weight')).toBe('torch-default');
  expect(initializer('classifier.bias')).toBe('constant(0)');
});
