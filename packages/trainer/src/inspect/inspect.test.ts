import { defineBackbone } from '@limbeck/core';
import {
  conv2d,
  Graph,
  globalAveragePool,
  matmul,
  mul,
  program,
  relu,
  softmaxCrossEntropy,
} from '@limbeck/graph';
import { zeros } from '@limbeck/nn';
import { referenceBackend } from '@limbeck/testkit';
import { describe, expect, it } from 'vitest';
import { toyStudent } from '../testing/toy-models.js';
import { measureLatency } from './latency.js';
import { countMacs } from './macs.js';
import { summarize } from './summarize.js';

describe('multiply-accumulates', () => {
  const graph = new Graph();
  const map = graph.input('map', [2, 4, 6, 6]);
  const rows = graph.input('rows', [2, 3, 5]);
  const macs = (output: ReturnType<typeof mul>) => countMacs(program({ name: 'p', outputs: { output } }));

  it.each([
    ['a convolution', () => conv2d(map, graph.state('w1', [8, 4, 3, 3]), { padding: 1 }), 2 * 8 * 36 * 4 * 9],
    ['one with strides', () => conv2d(map, graph.state('w2', [8, 4, 1, 1]), { stride: 2 }), 2 * 8 * 9 * 4],
    ['one in groups', () => conv2d(map, graph.state('w3', [8, 2, 3, 3]), { groups: 2 }), 2 * 8 * 16 * 2 * 9],
    ['a product', () => matmul(rows, graph.state('w4', [5, 7])), 2 * 3 * 7 * 5],
    ['a transposed one', () => matmul(rows, graph.state('w5', [7, 5]), { transposeB: true }), 2 * 3 * 7 * 5],
    ['another', () => matmul(rows, graph.state('w6', [3, 7]), { transposeA: true }), 2 * 5 * 7 * 3],
    ['anything else', () => relu(mul(map, 2)), 0],
    [
      'a composite',
      () =>
        softmaxCrossEntropy(
          matmul(graph.input('x', [2, 5]), graph.state('w4', [5, 7])),
          graph.input('y', [2], 'int32'),
        ),
      2 * 5 * 7,
    ],
  ])('of %s', (_, output, wanted) => {
    expect(macs(output())).toBe(wanted);
  });
});

describe('a summary', () => {
  const image = [1, 4, 4] as const;

  it('lists layers in order, with shapes, parameters and products', () => {
    expect(summarize({ backbone: toyStudent, options: undefined }, { image, classes: 2 })).toEqual({
      id: 'toy-student',
      options: {},
      image,
      classes: 2,
      parameters: 41,
      buffers: 6,
      macs: 438,
      layers: [
        { path: 'conv1', shape: [1, 3, 4, 4], parameters: 27, macs: 432 },
        { path: 'bn1', shape: [1, 3, 4, 4], parameters: 6, macs: 0 },
        { path: 'fc', shape: [1, 2], parameters: 8, macs: 6 },
      ],
      taps: [
        { name: 'last-map', shape: [1, 3, 4, 4] },
        { name: 'embedding', shape: [1, 3] },
        { name: 'logits', shape: [1, 2] },
      ],
    });
  });

  it('finds what a backbone computes outside of layers', () => {
    const backbone = defineBackbone({
      id: 'bare',
      description: 'a matrix of its own',
      encode: (_, x) => globalAveragePool(x),
      classify: (m, embedding, classes) => matmul(embedding, m.parameter('head', [1, classes], zeros)),
    });
    const { layers, parameters, macs } = summarize({ backbone, options: undefined }, { image, classes: 2 });
    expect(layers).toEqual([{ path: '', shape: [1, 2], parameters: 2, macs: 2 }]);
    expect([parameters, macs]).toEqual([2, 2]);
  });
});

it('latency is the median time of an image', async () => {
  const graph = new Graph();
  const output = relu(graph.input('image', [2, 1, 4, 4]));
  const real = await referenceBackend.compile(program({ name: 'p', outputs: { output } }));
  let steps = 0;
  const executable = {
    ...real,
    step: (feeds: Parameters<typeof real.step>[0]) => {
      steps++;
      return real.step(feeds);
    },
  };
  const latency = await measureLatency(executable, { runs: 4, warmUp: 3 });
  expect(steps).toBe(7);
  expect(latency.runs).toBe(4);
  expect(latency.fastestMs).toBeGreaterThan(0);
  expect(latency.medianMs).toBeGreaterThanOrEqual(latency.fastestMs);
});
