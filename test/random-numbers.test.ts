import { Graph, gradients, interpret, program, randomInteger, sum, tensorData } from '@limbeck/graph';
import { randomFeeds, Scope, Trace } from '@limbeck/nn';
import { describe, expect, test } from 'vitest';
import { findTargets } from './targets.js';

/** Numbers of several shapes, and what dropout and drop-path make of an input and of a gradient. */
function randomProgram() {
  const graph = new Graph();
  const m = new Scope(new Trace(graph, { prefix: 'student', mode: 'train' }));
  const x = graph.input('x', [8, 70, 32]);
  const [seed, step] = ['random.seed', 'random.step'].map((name) => graph.input(name, [3], 'int32'));
  const numbers = (shape: readonly number[], site: number) => randomInteger(seed!, step!, { shape, site });
  const dropped = m.dropout('drop', x, { rate: 0.1 });
  const skipped = m.dropPath('drop_path', x, { rate: 0.5 });
  const [ofDropped] = gradients(sum(dropped), [x]);
  return program({
    name: 'random',
    outputs: {
      rows: numbers([60, 2000], 1),
      odd: numbers([2, 2100], 2 ** 32 - 1),
      many: numbers([2, 1500, 2], 3),
      one: numbers([], 4),
      dropped,
      skipped,
      gradient: ofDropped!,
    },
  });
}

const x = tensorData(
  'float32',
  [8, 70, 32],
  Float32Array.from({ length: 8 * 70 * 32 }, (_, i) => 1 + i / 1024),
);

const choices = [
  [0, 0],
  [7, 1],
  [7, 2049],
  [2 ** 32 - 1, 2 ** 31],
] as const;

describe.each(await findTargets())('$name', ({ backend, missing }) => {
  test.skipIf(missing !== undefined)('gives the numbers and masks of the reference, to the bit', async () => {
    const target = randomProgram();
    const executable = await backend.compile(target, { threads: 1 });
    try {
      for (const [seed, step] of choices) {
        const feeds = { ...randomFeeds(seed, step), x };
        const expected = interpret(target, new Map(Object.entries(feeds))).outputs;
        const found = await executable.step(feeds);
        for (const [name, { data }] of expected) {
          const differing = data.findIndex((value, i) => !Object.is(value, found[name]!.data[i]));
          expect(differing, `first element of '${name}' that differs`).toBe(-1);
        }
      }
    } finally {
      await executable.dispose();
    }
  });
});
