import { summarize } from '@limbeck/trainer';
import { expect, test } from 'vitest';
import { createGoldenHost } from './index.js';

/** Millions of multiply-accumulates for one image, counted from the published code: CIFAR at 32x32, ImageNet at 224x224. */
const published = {
  cifar: {
    resnet8: 12.5,
    resnet14: 26.7,
    resnet20: 40.8,
    resnet32: 69.1,
    resnet44: 97.4,
    resnet56: 125.8,
    resnet110: 253.2,
    resnet8x4: 177.1,
    resnet32x4: 1083.0,
    wrn_16_1: 26.7,
    wrn_16_2: 101.1,
    wrn_40_1: 83.3,
    wrn_40_2: 327.6,
    vgg8: 96.2,
    vgg11: 209.4,
    vgg13: 284.9,
    vgg16: 398.2,
    vgg19: 511.4,
    MobileNetV2: 6.5,
    ShuffleV1: 38.7,
    ShuffleV2: 44.5,
    ResNet50: 1298.0,
  },
  imageNet: {
    resnet18: 1814,
    resnet34: 3664,
    resnet50: 4089,
    MobileNetV1: 569,
    mobilenet_v2: 301,
    densenet201: 4291,
    deit_tiny_patch16_224: 1254,
    deit_small_patch16_224: 4599,
    deit_tiny_distilled_patch16_224: 1261,
    deit_small_distilled_patch16_224: 4624,
  },
  // as torchvision states them, in billions to two places
  torchvision: {
    resnet18: 1.81,
    resnet34: 3.66,
    resnet50: 4.09,
    resnet101: 7.8,
    resnet152: 11.51,
    densenet121: 2.83,
    densenet161: 7.73,
    densenet169: 3.36,
    densenet201: 4.29,
    mobilenet_v2: 0.3,
  },
} as const;

const host = await createGoldenHost();

const millions = (id: string, image: readonly [number, number, number], classes: number) => {
  const { contribution: backbone, options } = host.use('backbones', id);
  return summarize({ backbone, options }, { image, classes }).macs / 1e6;
};

test.each(Object.entries(published.cifar))('%s takes the published %d million', (id, count) => {
  expect(millions(id, [3, 32, 32], 100)).toBeCloseTo(count, 1);
});

test.each(Object.entries(published.imageNet))('%s takes the published %d million', (id, count) => {
  expect(millions(id, [3, 224, 224], 1000)).toBeCloseTo(count, 0);
});

test.each(Object.entries(published.torchvision))(
  '%s takes the %d billion torchvision states',
  (id, count) => {
    expect(millions(id, [3, 224, 224], 1000) / 1000).toBeCloseTo(count, 2);
  },
);
