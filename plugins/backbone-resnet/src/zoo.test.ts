import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeZoo } from '@limbeck/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { cifarResNet, cifarResNets, fourStageResNets } from './index.js';

const zoo = [...cifarResNets, ...fourStageResNets];

const cifar = { image: [3, 32, 32], classes: 100 } as const;
const imageNet = { image: [3, 224, 224], classes: 1000 } as const;

/** Parameters, counted from the code of RepDistiller's and SimKD's zoos and torchvision's. */
describeZoo(zoo, {
  published: {
    resnet8: { ...cifar, parameters: 83_892 },
    resnet14: { ...cifar, parameters: 181_108 },
    resnet20: { ...cifar, parameters: 278_324 },
    resnet32: { ...cifar, parameters: 472_756 },
    resnet38: { ...cifar, parameters: 569_972 },
    resnet44: { ...cifar, parameters: 667_188 },
    resnet56: { ...cifar, parameters: 861_620 },
    resnet110: { ...cifar, parameters: 1_736_564 },
    resnet116: { ...cifar, parameters: 1_833_780 },
    resnet14x2: { ...cifar, parameters: 703_732 },
    resnet38x2: { ...cifar, parameters: 2_255_604 },
    resnet110x2: { ...cifar, parameters: 6_911_220 },
    resnet8x4: { ...cifar, parameters: 1_233_540 },
    resnet14x4: { ...cifar, parameters: 2_783_620 },
    resnet32x4: { ...cifar, parameters: 7_433_860 },
    resnet38x4: { ...cifar, parameters: 8_983_940 },
    ResNet18: { ...cifar, parameters: 11_220_132 },
    ResNet34: { ...cifar, parameters: 21_328_292 },
    ResNet50: { ...cifar, parameters: 23_705_252 },
    resnet18: { ...imageNet, parameters: 11_689_512 },
    resnet34: { ...imageNet, parameters: 21_797_672 },
    resnet50: { ...imageNet, parameters: 25_557_032 },
    resnet101: { ...imageNet, parameters: 44_549_160 },
    resnet152: { ...imageNet, parameters: 60_192_808 },
  },
  variants: [{ stem: 'cifar' }, { stem: 'imagenet' }],
  computed: { resnet8: [3, 8, 8] },
  golden: ['backbones.json', 'published-backbones.json'].map(
    (file) => new URL(`../../../test/golden/${file}`, import.meta.url),
  ),
  goldenValues: { resnet8: 'both modes' },
});

const forImageNet = (id: string): boolean => /^resnet(18|34|50|101|152)$/.test(id);

const atPublishedSize = (id: string) => {
  const { image, classes } = forImageNet(id) ? imageNet : cifar;
  return traceBackbone(zoo.find((backbone) => backbone.id === id)!, { image: [1, ...image], classes });
};

describe('taps', () => {
  test('resnet8x4 has them after and before the ReLU', () => {
    expect(tapShapes(atPublishedSize('resnet8x4'))).toEqual({
      stem: [32, 32, 32],
      'stage1.preact': [64, 32, 32],
      stage1: [64, 32, 32],
      'stage2.preact': [128, 16, 16],
      stage2: [128, 16, 16],
      'stage3.preact': [256, 8, 8],
      stage3: [256, 8, 8],
      'last-map': [256, 8, 8],
      embedding: [256],
      logits: [100],
    });
  });

  test('resnet50 has the stem behind the max pool', () => {
    expect(tapShapes(atPublishedSize('resnet50'))).toMatchObject({
      stem: [64, 56, 56],
      stage1: [256, 56, 56],
      stage2: [512, 28, 28],
      stage3: [1024, 14, 14],
      stage4: [2048, 7, 7],
      embedding: [2048],
    });
  });
});

describe('shortcuts', () => {
  const names = (id: string) => [...atPublishedSize(id).trace.variables.keys()];

  test('are convolutions in the first stage too, where the width changes', () => {
    expect(names('resnet8x4')).toContain('layer1.0.downsample.0.weight');
    expect(names('resnet8')).not.toContain('layer1.0.downsample.0.weight');
  });

  test('bear the published name of either form', () => {
    expect(names('resnet50')).toEqual(
      expect.arrayContaining(['layer1.0.downsample.1.running_var', 'layer4.2.conv3.weight', 'fc.bias']),
    );
    expect(names('ResNet18')).toEqual(
      expect.arrayContaining(['layer2.0.shortcut.1.running_var', 'linear.bias']),
    );
  });
});

describe('stems', () => {
  const shapes = (id: string, stem: string, size: number) =>
    tapShapes(
      traceBackbone(zoo.find((backbone) => backbone.id === id)!, {
        image: [1, 3, size, size],
        classes: 10,
        options: { stem },
      }),
    );

  test.each(['resnet18', 'ResNet18'])('%s takes either, whatever its published one is', (id) => {
    expect(shapes(id, 'cifar', 32)).toMatchObject({ stem: [64, 32, 32], stage4: [512, 4, 4] });
    expect(shapes(id, 'imagenet', 224)).toMatchObject({ stem: [64, 56, 56], stage4: [512, 7, 7] });
  });

  test('a CIFAR ResNet for large images has the wide one', () => {
    expect(shapes('resnet20', 'imagenet', 224)).toMatchObject({ stem: [16, 56, 56], stage3: [64, 14, 14] });
  });
});

test('a depth that is not 6n + 2 is refused', () => {
  expect(() => cifarResNet({ id: 'odd', depth: 21, stem: 16, widths: [16, 32, 64] })).toThrow(
    "backbone 'odd': a CIFAR ResNet has 6n + 2 layers, not 21",
  );
});
