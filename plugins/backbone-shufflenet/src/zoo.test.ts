import { readFileSync } from 'node:fs';
import { Graph, interpret, program, tensorData, verify } from '@limbeck/graph';
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
import { channelShuffle, shuffleNets } from './index.js';

const byId = (id: string) => shuffleNets.find((backbone) => backbone.id === id)!;

/** Parameters with 100 classes, counted from the published code. */
const published: Readonly<Record<string, number>> = {
  ShuffleV1: 949_258,
  ShuffleV2_0_5: 443_716,
  ShuffleV2: 1_355_528,
  ShuffleV2_1_5: 2_580_548,
  ShuffleV2_2_0: 5_521_860,
};

const atPublishedSize = (id: string) => traceBackbone(byId(id), { image: [1, 3, 32, 32], classes: 100 });

test('the zoo holds the published models and no others', () => {
  expect(shuffleNets.map(({ id }) => id)).toEqual(Object.keys(published));
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

  test('ShuffleV1 gives the published numbers', async () => {
    const values = await compareBackboneValues(byId('ShuffleV1'), models.ShuffleV1!, {
      seed: String(seed),
      backend: referenceBackend,
    });
    expect(values.length).toBeGreaterThan(10);
    expect(values.filter(({ relative }) => relative > 1e-3)).toEqual([]);
  });

  test('ShuffleV2 gives the published numbers in evaluation', async () => {
    const { train: _, ...evaluation } = models.ShuffleV2!;
    const values = await compareBackboneValues(byId('ShuffleV2'), evaluation, {
      seed: String(seed),
      backend: referenceBackend,
    });
    expect(values.length).toBeGreaterThan(7);
    expect(values.filter(({ relative }) => relative > 1e-3)).toEqual([]);
  });
});

test.each([
  ['ShuffleV1', [240, 480, 960], 960],
  ['ShuffleV2', [116, 232, 464], 1024],
])('%s has taps of every stage and of the pooled map', (id, [first, second, third], last) => {
  expect(tapShapes(atPublishedSize(id))).toEqual({
    stem: [24, 32, 32],
    'stage1.preact': [first, 16, 16],
    stage1: [first, 16, 16],
    'stage2.preact': [second, 8, 8],
    stage2: [second, 8, 8],
    'stage3.preact': [third, 4, 4],
    stage3: [third, 4, 4],
    'last-map': [last, 4, 4],
    embedding: [last],
    logits: [100],
  });
});

test.each(
  ['ShuffleV1', 'ShuffleV2'].flatMap((id) =>
    [
      [2, 1, 28, 28],
      [2, 3, 64, 64],
      [1, 3, 224, 224],
    ].map((image) => [id, image] as const),
  ),
)('%s takes images %j', (id, image) => {
  const { embedding, logits } = traceBackbone(byId(id), { image, classes: 10, mode: 'train' });
  expect(embedding.shape).toEqual([image[0], id === 'ShuffleV1' ? 960 : 1024]);
  expect(logits.shape).toEqual([image[0], 10]);
  verify(program({ name: id, outputs: { logits } }));
});

test('a channel shuffle deals groups out in turn', () => {
  const graph = new Graph();
  const y = channelShuffle(graph.input('x', [1, 6, 1, 1]), 3);
  const x = tensorData('float32', [1, 6, 1, 1], Float32Array.of(0, 1, 2, 3, 4, 5));
  const { outputs } = interpret(program({ name: 'shuffle', outputs: { y } }), new Map([['x', x]]), new Map());
  expect([...outputs.get('y')!.data]).toEqual([0, 2, 4, 1, 3, 5]);
});
