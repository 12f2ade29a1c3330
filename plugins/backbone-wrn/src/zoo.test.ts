import { completeOptions } from '@limbeck/core/host';
import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeBackbone, describeZoo } from '@limbeck/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { wideResNet, wideResNets, wrn } from './index.js';

const cifar = { image: [3, 32, 32], classes: 100 } as const;

/** Parameters, counted from the published code. */
describeZoo(wideResNets, {
  published: {
    wrn_16_1: { ...cifar, parameters: 180_916 },
    wrn_16_2: { ...cifar, parameters: 703_284 },
    wrn_40_1: { ...cifar, parameters: 569_780 },
    wrn_40_2: { ...cifar, parameters: 2_255_156 },
    wrn_28_10: { ...cifar, parameters: 36_536_884 },
  },
  variants: [{ stem: 'imagenet' }],
  golden: [new URL('../../../test/golden/backbones.json', import.meta.url)],
  goldenValues: { wrn_16_1: 'both modes' },
});

describeBackbone(wrn, { image: [3, 8, 8], options: { depth: 10, width: 1 } });

const atPublishedSize = (id: string) =>
  traceBackbone(wideResNets.find((backbone) => backbone.id === id)!, { image: [1, 3, 32, 32], classes: 100 });

test('wrn_16_2 has taps of sums, of what the next batch norm makes of them, and of the pooled map', () => {
  expect(tapShapes(atPublishedSize('wrn_16_2'))).toEqual({
    stem: [16, 32, 32],
    stage1: [32, 32, 32],
    'stage1.preact': [32, 32, 32],
    stage2: [64, 16, 16],
    'stage2.preact': [64, 16, 16],
    stage3: [128, 8, 8],
    'stage3.preact': [128, 8, 8],
    'last-map': [128, 8, 8],
    embedding: [128],
    logits: [100],
  });
});

describe('any depth and width', () => {
  const stateDict = (traced: ReturnType<typeof traceBackbone>) =>
    [...traced.trace.variables.values()].map(({ name, tensor: { shape } }) => [name, shape]);

  test("the backbone 'wrn' with options is the one with the id", () => {
    const batch = { image: [1, 3, 32, 32], classes: 100 };
    const options = completeOptions(wrn, { depth: 22, width: 4 });
    expect(stateDict(traceBackbone(wrn, { ...batch, options }))).toEqual(
      stateDict(traceBackbone(wideResNet(options), batch)),
    );
  });

  test('a depth that is not 6n + 4 is refused', async () => {
    expect(() => wideResNet({ depth: 20, width: 1 })).toThrow(
      "backbone 'wrn_20_1': a wide ResNet has 6n + 4 layers, not 20",
    );
    const { issues } = await wrn.options!['~standard'].validate({ depth: 20, width: 1 });
    expect(issues).toMatchObject([{ path: ['depth'], message: 'a wide ResNet has 6n + 4 layers' }]);
  });
});

test('layers start as published: the bias of the classifier at zero, its weight as PyTorch draws it', () => {
  const { variables } = atPublishedSize('wrn_16_1').trace;
  expect(variables.get('block2.layer.0.convShortcut.weight')!.initializer.name).toBe('kaiming-normal(out)');
  expect(variables.get('fc.weight')!.initializer.name).toBe('torch-default');
  expect(variables.get('fc.bias')!.initializer.name).toBe('constant(0)');
});
