import { Graph, interpret, program, tensorData } from '@limbeck/graph';
import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeZoo } from '@limbeck/testkit/vitest';
import { expect, test } from 'vitest';
import { channelShuffle, shuffleNets } from './index.js';

const cifar = { image: [3, 32, 32], classes: 100 } as const;

/** Parameters, counted from the published code. */
describeZoo(shuffleNets, {
  published: {
    ShuffleV1: { ...cifar, parameters: 949_258 },
    ShuffleV2_0_5: { ...cifar, parameters: 443_716 },
    ShuffleV2: { ...cifar, parameters: 1_355_528 },
    ShuffleV2_1_5: { ...cifar, parameters: 2_580_548 },
    ShuffleV2_2_0: { ...cifar, parameters: 5_521_860 },
  },
  variants: [{ stem: 'imagenet' }],
  computed: { ShuffleV1: [3, 8, 8], ShuffleV2_0_5: [3, 8, 8] },
  golden: [new URL('../../../test/golden/backbones.json', import.meta.url)],
  goldenValues: { ShuffleV1: 'both modes', ShuffleV2: 'evaluation' },
});

const atPublishedSize = (id: string) =>
  traceBackbone(shuffleNets.find((backbone) => backbone.id === id)!, { image: [1, 3, 32, 32], classes: 100 });

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

test('a channel shuffle deals groups out in turn', () => {
  const graph = new Graph();
  const y = channelShuffle(graph.input('x', [1, 6, 1, 1]), 3);
  const x = tensorData('float32', [1, 6, 1, 1], Float32Array.of(0, 1, 2, 3, 4, 5));
  const { outputs } = interpret(program({ name: 'shuffle', outputs: { y } }), new Map([['x', x]]), new Map());
  expect([...outputs.get('y')!.data]).toEqual([0, 2, 4, 1, 3, 5]);
});
