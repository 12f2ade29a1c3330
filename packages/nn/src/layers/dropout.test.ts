import { Graph, gradients, interpret, nodesOf, program, sum, type Tensor, tensorData } from '@limbeck/graph';
import { describe, expect, test } from 'vitest';
import { randomFeeds } from '../random-inputs.js';
import { Scope } from '../scope.js';
import { type Mode, Trace } from '../trace.js';

const start = (graph: Graph, mode: Mode = 'train', after?: Trace) =>
  new Scope(new Trace(graph, { prefix: 'student', mode, ...(after === undefined ? {} : { after }) }));

const shape = [16, 4, 32];

/** Values of tensors where x is one everywhere. */
function values(outputs: Record<string, Tensor>, { seed = 1, step = 0 } = {}) {
  const target = program({ name: 'p', outputs });
  const given = {
    ...randomFeeds(seed, step),
    x: tensorData('float32', shape, new Float32Array(2048).fill(1)),
  };
  const results = interpret(target, new Map(Object.entries(given))).outputs;
  return Object.fromEntries([...results].map(([name, { data }]) => [name, Array.from(data)]));
}

const build = (mode: Mode = 'train') => {
  const graph = new Graph();
  return { graph, x: graph.input('x', shape), m: start(graph, mode) };
};

describe('dropout', () => {
  test('drops its share of elements and raises the others', () => {
    const { x, m } = build();
    const { y } = values({ y: m.dropout('drop', x, { rate: 0.25 }) });
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const dropped = y!.filter((value) => value === 0).length / y!.length;
    expect(Math.abs(dropped - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / y!.length));
  });

  test('lets gradients through where it lets values through', () => {
    const { x, m } = build();
    const y = m.dropout('drop', x, { rate: 0.5 });
    const [dx] = gradients(sum(y), [x]);
    const { y: out, dx: gradient } = values({ y, dx: dx! });
    expect(gradient).toEqual(out);
  });

  test('drops something else in every step, under every seed, at every place, in every pass', () => {
    const { graph, x, m } = build();
    const rate = 0.5;
    const outputs = {
      first: m.dropout('drop', x, { rate }),
      again: m.dropout('drop', x, { rate }),
      elsewhere: m.in('block').dropout('drop', x, { rate }),
      view: start(graph, 'train', m.trace).dropout('drop', x, { rate }),
    };
    const all = [
      ...Object.values(values(outputs)),
      ...Object.values(values(outputs, { step: 1 })),
      ...Object.values(values(outputs, { seed: 2 })),
    ];
    expect(new Set(all.map(String)).size).toBe(12);
    expect(values(outputs)).toEqual(values(outputs));
  });
});

describe('drop-path', () => {
  test('drops whole samples', () => {
    const { x, m } = build();
    const { y } = values({ y: m.dropPath('drop', x, { rate: 0.5 }) });
    const samples = Array.from({ length: 16 }, (_, i) => new Set(y!.slice(128 * i, 128 * (i + 1))));
    expect(samples.every(({ size }) => size === 1)).toBe(true);
    expect(new Set(samples.map((sample) => [...sample][0]))).toEqual(new Set([0, 2]));
  });
});

describe.each(['dropout', 'dropPath'] as const)('%s', (layer) => {
  test('adds nothing in evaluation, and nothing at rate 0', () => {
    for (const [mode, rate] of [
      ['eval', 0.5],
      ['train', 0],
    ] as const) {
      const { x, m } = build(mode);
      expect(m[layer]('drop', x, { rate })).toBe(x);
    }
  });

  test.each([-0.1, 1, 1.5, Number.NaN])('refuses a rate of %d in either mode', (rate) => {
    for (const mode of ['train', 'eval'] as const) {
      const { x, m } = build(mode);
      expect(() => m[layer]('drop', x, { rate })).toThrow(
        `'drop' drops a share of ${rate}; a rate lies in [0, 1)`,
      );
    }
  });
});

test('layers of a transformer drop only where they are told to', () => {
  const names = (dropout?: number) => {
    const { x, m } = build();
    const options = dropout === undefined ? {} : { dropout };
    const y = m.mlp('mlp', m.selfAttention('attn', x, { heads: 2, ...options }), { hidden: 8, ...options });
    return nodesOf(program({ name: 'p', outputs: { y } })).filter(
      ({ operation }) => operation.name === 'randomInteger',
    );
  };
  expect(names()).toEqual([]);
  expect(names(0.1).map(({ scope }) => scope)).toEqual([
    'student.attn.proj_drop',
    'student.mlp.drop1',
    'student.mlp.drop2',
  ]);
});
