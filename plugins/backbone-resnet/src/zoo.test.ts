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
import { cifarResNet, cifarResNets, fourStageResNets } from './index.js';

const zoo = [...cifarResNets, ...fourStageResNets];
const byId = (id: string) => zoo.find((backbone) => backbone.id === id)!;

/**
 * Parameters: CIFAR with 100 classes from RepDistiller's and SimKD's zoos, ImageNet with 1000 classes from torchvision's,
 * counted from the published code.
 */
const published: Readonly<Record<string, number>> = {
  resnet8: 83_892,
  resnet14: 181_108,
  resnet20: 278_324,
  resnet32: 472_756,
  resnet38: 569_972,
  resnet44: 667_188,
  resnet56: 861_620,
  resnet110: 1_736_564,
  resnet116: 1_833_780,
  resnet14x2: 703_732,
  resnet38x2: 2_255_604,
  resnet110x2: 6_911_220,
  resnet8x4: 1_233_540,
  resnet14x4: 2_783_620,
  resnet32x4: 7_433_860,
  resnet38x4: 8_983_940,
  ResNet18: 11_220_132,
  ResNet34: 21_328_292,
  ResNet50: 23_705_252,
  resnet18: 11_689_512,
  resnet34: 21_797_672,
  resnet50: 25_557_032,
  resnet101: 44_549_160,
  resnet152: 60_192_808,
};

const forImageNet = (id: string): boolean => /^resnet(18|34|50|101|152)$/.test(id);

const atPublishedSize = (id: string) =>
  traceBackbone(
    byId(id),
    forImageNet(id) ? { image: [1, 3, 224, 224], classes: 1000 } : { image: [1, 3, 32, 32], classes: 100 },
  );

test('the zoo holds the published models and no others', () => {
  expect(zoo.map(({ id }) => id).sort()).toEqual(Object.keys(published).sort());
});

test.each(Object.entries(published))('%s has the published number of parameters, %i', (id, count) => {
  expect(parameterCount(atPublishedSize(id))).toBe(count);
});

describe('golden values', () => {
  const file = new URL('../../../test/golden/backbones.json', import.meta.url);
  const { seed, models } = JSON.parse(readFileSync(file, 'utf8')) as {
    seed: number;
    models: Record<string, GoldenBackbone>;
  };

  test.each(Object.keys(models).filter((id) => id in published))('%s has the published structure', (id) => {
    const differences = compareBackboneStructure(byId(id), models[id]!).filter(
      ({ relative }) => relative > 0,
    );
    expect(differences).toEqual([]);
  });

  test('resnet8 gives the published numbers', async () => {
    const values = await compareBackboneValues(byId('resnet8'), models.resnet8!, {
      seed: String(seed),
      backend: referenceBackend,
    });
    expect(values.length).toBeGreaterThan(10);
    expect(values.filter(({ relative }) => relative > 1e-3)).toEqual([]);
  });
});

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

test.each([
  ['resnet20', [1, 1, 28, 28], 64],
  ['resnet20', [2, 3, 64, 64], 64],
  ['ResNet18', [2, 1, 28, 28], 512],
  ['ResNet18', [2, 3, 64, 64], 512],
  ['resnet18', [2, 3, 32, 32], 512],
  ['resnet18', [2, 3, 64, 64], 512],
])('%s takes images %j', (id, image, width) => {
  const { embedding, logits } = traceBackbone(byId(id), { image, classes: 10, mode: 'train' });
  expect(embedding.shape).toEqual([image[0], width]);
  expect(logits.shape).toEqual([image[0], 10]);
  verify(program({ name: id, outputs: { logits } }));
});

test('a depth that is not 6n + 2 is refused', () => {
  expect(() => cifarResNet({ id: 'odd', depth: 21, stem: 16, widths: [16, 32, 64] })).toThrow(
    "backbone 'odd': a CIFAR ResNet has 6n + 2 layers, not 21",
  );
});
