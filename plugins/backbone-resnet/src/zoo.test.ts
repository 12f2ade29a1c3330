import type { Backbone } from '@limbeck/core';
import { Graph, program, sizeOf, verify } from '@limbeck/graph';
import { Scope, Trace } from '@limbeck/nn';
import { describe, expect, test } from 'vitest';
import { cifarResNet, cifarResNets } from './index.js';

/** Parameters with 100 classes: RepDistiller's and SimKD's zoos, counted from the published code. */
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
};

function trace(backbone: Backbone, image = [2, 3, 32, 32], classes = 100) {
  const graph = new Graph();
  const models = new Trace(graph, { prefix: '', mode: 'eval' });
  const root = new Scope(models);
  const embedding = backbone.encode(root, graph.input('image', image), {});
  const logits = backbone.classify(root, embedding, classes, {});
  return { trace: models, embedding, logits };
}

const byId = (id: string): Backbone => cifarResNets.find((backbone) => backbone.id === id)!;

test('the zoo holds the published models and no others', () => {
  expect(cifarResNets.map(({ id }) => id).sort()).toEqual(Object.keys(published).sort());
});

test.each(Object.entries(published))('%s has the published number of parameters, %i', (id, count) => {
  const { variables } = trace(byId(id)).trace;
  const parameters = [...variables.values()].filter(({ kind }) => kind === 'parameter');
  expect(parameters.reduce((n, { tensor }) => n + sizeOf(tensor.shape), 0)).toBe(count);
});

describe('resnet8x4', () => {
  test('declares taps with the published shapes', () => {
    const { taps } = trace(byId('resnet8x4')).trace;
    expect(Object.fromEntries([...taps].map(([name, { shape }]) => [name, shape]))).toEqual({
      stem: [2, 32, 32, 32],
      'stage1.preact': [2, 64, 32, 32],
      stage1: [2, 64, 32, 32],
      'stage2.preact': [2, 128, 16, 16],
      stage2: [2, 128, 16, 16],
      'stage3.preact': [2, 256, 8, 8],
      stage3: [2, 256, 8, 8],
      'last-map': [2, 256, 8, 8],
    });
  });

  test('has a shortcut convolution in the first stage too, where the width changes', () => {
    expect(trace(byId('resnet8x4')).trace.variables.has('layer1.0.downsample.0.weight')).toBe(true);
    expect(trace(byId('resnet8')).trace.variables.has('layer1.0.downsample.0.weight')).toBe(false);
  });
});

test.each([
  [[1, 1, 28, 28], 10],
  [[2, 3, 64, 64], 200],
])('takes images %j and %i classes', (image, classes) => {
  const { embedding, logits } = trace(byId('resnet20'), image, classes);
  expect(embedding.shape).toEqual([image[0], 64]);
  expect(logits.shape).toEqual([image[0], classes]);
  verify(program({ name: 'resnet20', outputs: { logits } }));
});

test('a depth that is not 6n + 2 is refused', () => {
  expect(() => cifarResNet({ id: 'odd', depth: 21, stem: 16, widths: [16, 32, 64] })).toThrow(
    "backbone 'odd': a CIFAR ResNet has 6n + 2 layers, not 21",
  );
});
