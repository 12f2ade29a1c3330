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
import { vggs } from './index.js';

const byId = (id: string) => vggs.find((backbone) => backbone.id === id)!;

/** Parameters with 100 classes, counted from the published code. */
const published: Readonly<Record<string, number>> = {
  vgg8: 3_965_028,
  vgg11: 9_277_284,
  vgg13: 9_462_180,
  vgg16: 14_774_436,
  vgg19: 20_086_692,
};

const atPublishedSize = (id: string) => traceBackbone(byId(id), { image: [1, 3, 32, 32], classes: 100 });

test('the zoo holds the published models and no others', () => {
  expect(vggs.map(({ id }) => id)).toEqual(Object.keys(published));
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

  test('vgg8 gives the published numbers in evaluation', async () => {
    const { train: _, ...evaluation } = models.vgg8!;
    const values = await compareBackboneValues(byId('vgg8'), evaluation, {
      seed: String(seed),
      backend: referenceBackend,
    });
    expect(values.length).toBeGreaterThan(9);
    expect(values.filter(({ relative }) => relative > 1e-3)).toEqual([]);
  });
});

test('vgg8 has the last ReLU of every block outside, and taps on both sides of it', () => {
  expect(tapShapes(atPublishedSize('vgg8'))).toEqual({
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
  [[2, 1, 28, 28], 3],
  [[2, 3, 64, 64], 4],
  [[1, 3, 224, 224], 14],
])('vgg8 takes images %j and pools a map of height %i', (image, height) => {
  const { taps, logits } = traceBackbone(byId('vgg8'), { image, classes: 10, mode: 'train' });
  expect(taps.get('last-map')!.shape).toEqual([image[0], 512, height, height]);
  expect(logits.shape).toEqual([image[0], 10]);
  verify(program({ name: 'vgg8', outputs: { logits } }));
});

test('layers start as published: biases of convolutions and the classifier at zero', () => {
  const { variables } = atPublishedSize('vgg8').trace;
  expect(variables.get('block0.0.bias')!.initializer.name).toBe('constant(0)');
  expect(variables.get('block4.0.weight')!.initializer.name).toBe('kaiming-normal(out)');
  expect(variables.get('classifier.weight')!.initializer.name).toBe('normal(0.01)');
  expect(variables.get('classifier.bias')!.initializer.name).toBe('constant(0)');
});
