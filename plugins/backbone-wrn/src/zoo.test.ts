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
import { wideResNet, wideResNets, wrn } from './index.js';

const byId = (id: string) => wideResNets.find((backbone) => backbone.id === id)!;

/** Parameters with 100 classes, counted from the published code. */
const published: Readonly<Record<string, number>> = {
  wrn_16_1: 180_916,
  wrn_16_2: 703_284,
  wrn_40_1: 569_780,
  wrn_40_2: 2_255_156,
  wrn_28_10: 36_536_884,
};

const atPublishedSize = (id: string) => traceBackbone(byId(id), { image: [1, 3, 32, 32], classes: 100 });

test('the zoo holds the published models and no others', () => {
  expect(wideResNets.map(({ id }) => id).sort()).toEqual(Object.keys(published).sort());
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

  test('wrn_16_1 gives the published numbers', async () => {
    const values = await compareBackboneValues(byId('wrn_16_1'), models.wrn_16_1!, {
      seed: String(seed),
      backend: referenceBackend,
    });
    expect(values.length).toBeGreaterThan(10);
    expect(values.filter(({ relative }) => relative > 1e-3)).toEqual([]);
  });
});

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

test.each([[[1, 1, 28, 28]], [[2, 3, 64, 64]], [[1, 3, 224, 224]]])(
  'wrn_16_1 takes images %j, one embedding each',
  (image) => {
    const { embedding, logits } = traceBackbone(byId('wrn_16_1'), { image, classes: 10, mode: 'train' });
    expect(embedding.shape).toEqual([image[0], 64]);
    expect(logits.shape).toEqual([image[0], 10]);
    verify(program({ name: 'wrn_16_1', outputs: { logits } }));
  },
);

describe('any depth and width', () => {
  const stateDict = (traced: ReturnType<typeof traceBackbone>) =>
    [...traced.trace.variables.values()].map(({ name, tensor: { shape } }) => [name, shape]);

  test("the backbone 'wrn' with options is the one with the id", () => {
    const batch = { image: [1, 3, 32, 32], classes: 100 };
    const options = { depth: 22, width: 4 };
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
