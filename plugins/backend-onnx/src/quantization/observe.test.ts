import type { Calibration, Feeds } from '@limbeck/core/backend';
import type { OnnxModel, OnnxNode } from '@limbeck/formats';
import { patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { loadRuntime } from '../runtime.js';
import { groupsOf } from './count-values.js';
import { leadingTo } from './leading-to.js';
import { observe } from './observe.js';

const shape = [2, 3, 8, 8];
const bytes = 4 * 2 * 3 * 8 * 8;
const values = ['x', 'doubled', 'positive'];

const node = (opType: string, inputs: string[], output: string): OnnxNode => ({
  opType,
  inputs,
  outputs: [output],
  name: output,
  attributes: {},
});

const model: OnnxModel = {
  irVersion: 9,
  opsetImports: [{ domain: '', version: 20 }],
  producerName: 'limbeck',
  metadata: {},
  graph: {
    name: 'observed',
    nodes: [node('Add', ['x', 'x'], 'doubled'), node('Relu', ['doubled'], 'positive')],
    inputs: [{ name: 'x', dtype: 'float32', shape }],
    outputs: [{ name: 'positive', dtype: 'float32', shape }],
    initializers: [],
  },
};

/** Ranges, and how often the batches were gone through. */
async function observed(how: Omit<Calibration, 'batches'>, groupBytes?: number) {
  const passes = { count: 0 };
  const batches = {
    *[Symbol.iterator](): Iterator<Feeds> {
      passes.count++;
      for (const i of [0, 1]) yield { x: patternFill('observe', `x ${i}`, shape, (u) => u ** 3) };
    },
  };
  const ranges = await observe(model, values, {
    runtime: await loadRuntime(),
    session: { name: 'observed', device: 'cpu', threads: 1 },
    calibration: { batches, ...how },
    check: () => undefined,
    inputName: (name) => name,
    groupBytes,
  });
  return { ranges: Object.fromEntries(ranges), passes: passes.count };
}

describe('ranges', () => {
  test('of smallest and largest values take one pass', async () => {
    const { ranges, passes } = await observed({});
    expect(passes).toBe(1);
    expect(ranges.positive).toMatchObject({ min: 0, max: 2 * ranges.x!.max });
    expect(ranges.doubled!.min).toBe(2 * ranges.x!.min);
  });

  test.each(['percentile', 'entropy'] as const)(
    'found by %s are the same, however many maps leave the model at a time',
    async (method) => {
      const how = { method, percentile: 95 };
      const together = await observed(how);
      const pairs = await observed(how, 2 * bytes);
      const alone = await observed(how, 1);
      expect([together.passes, pairs.passes, alone.passes]).toEqual([2, 3, 4]);
      expect(pairs.ranges).toEqual(together.ranges);
      expect(alone.ranges).toEqual(together.ranges);
      expect(Object.keys(alone.ranges)).toEqual(values);
    },
  );
});

test('maps are grouped in their order, as many as fit, a large one alone', () => {
  const sizes = (...all: number[]) => new Map(all.map((size, i) => [`${i}`, { bytes: size }]));
  expect(groupsOf(sizes(4, 4, 3, 12, 1, 9, 1), 10)).toEqual([['0', '1'], ['2'], ['3'], ['4', '5'], ['6']]);
  expect(groupsOf(new Map(), 10)).toEqual([]);
});

test('a model is cut down to what leads to its outputs', () => {
  const constant = (name: string) => ({
    name,
    dtype: 'float32' as const,
    shape: [1],
    data: Float32Array.of(1),
  });
  const { graph } = leadingTo({
    ...model,
    graph: {
      ...model.graph,
      nodes: [node('Add', ['x', 'one'], 'y'), node('Mul', ['x', 'two'], 'z'), node('Relu', ['z'], 'end')],
      outputs: [{ name: 'y' }],
      initializers: [constant('one'), constant('two')],
    },
  });
  expect(graph.nodes.map(({ name }) => name)).toEqual(['y']);
  expect(graph.initializers.map(({ name }) => name)).toEqual(['one']);
});
