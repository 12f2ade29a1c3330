import type { BuildProjector, Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import { Graph, interpret, program, type Shape, sizeOf } from '@limbeck/graph';
import { initialState, Scope, Trace } from '@limbeck/nn';
import { patternFill } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin, { resized } from './index.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

const build: BuildProjector = (use, m, x, target) => {
  const { contribution, options } = host.use('projectors', use);
  return contribution.project(m, x, target, options, build);
};

/** Projects a pattern with drawn weights; gives the result, what went in, and the weights. */
function run(use: Use, from: Shape, to: Shape) {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'd', mode: 'train' });
  const y = build(use, new Scope(trace), graph.input('x', from), to);
  expect(y.shape).toEqual(to);
  const state = initialState(trace.variables.values(), 7);
  const x = patternFill('1', 'x', from);
  const { updates } = trace;
  const { outputs } = interpret(program({ name: 'p', outputs: { y }, updates }), new Map([['x', x]]), state);
  const weight = (name: string) => [...state.get(`d.${name}`)!.data];
  return { x: [...x.data], y: [...outputs.get('y')!.data], weight, names: [...trace.variables.keys()] };
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((total, x, i) => total + x * b[i]!, 0);
/** W v + b. */
const affine = (weight: readonly number[], bias: readonly number[], v: readonly number[]) =>
  bias.map((b, o) => b + dot(weight.slice(o * v.length, (o + 1) * v.length), v));

describe('maps of another height and width', () => {
  /** Each place between the two nearest rows and columns, as PyTorch places them. */
  function interpolated(map: readonly number[], [h, w]: number[], [height, width]: number[]): number[] {
    const place = (i: number, from: number, to: number) => {
      const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
      const first = Math.min(Math.floor(at), from - 1);
      return [first, Math.min(first + 1, from - 1), at - first] as const;
    };
    return Array.from({ length: height! * width! }, (_, i) => {
      const [top, bottom, down] = place(Math.floor(i / width!), h!, height!);
      const [left, right, across] = place(i % width!, w!, width!);
      const row = (r: number) => map[r * w! + left]! * (1 - across) + map[r * w! + right]! * across;
      return row(top) * (1 - down) + row(bottom) * down;
    });
  }

  test.each([
    [
      [2, 3],
      [4, 6],
    ],
    [
      [4, 5],
      [3, 2],
    ],
    [
      [1, 1],
      [3, 2],
    ],
    [
      [7, 4],
      [14, 4],
    ],
  ])('from %j to %j are interpolated', (from, to) => {
    const graph = new Graph();
    const [h, w] = from as [number, number];
    const x = patternFill('1', 'x', [1, 1, h, w]);
    const y = resized(graph.input('x', x.shape), to as [number, number], 'bilinear');
    const { outputs } = interpret(program({ name: 'p', outputs: { y } }), new Map([['x', x]]), new Map());
    expect([...outputs.get('y')!.data]).toEqual(close(interpolated([...x.data], from, to)));
  });
});

describe('conv', () => {
  test('of 1x1 is an affine map of every position', () => {
    const { x, y, weight } = run('conv', [1, 3, 2, 2], [1, 4, 2, 2]);
    const at = (values: readonly number[], channels: number, position: number) =>
      Array.from({ length: channels }, (_, c) => values[c * 4 + position]!);
    for (let position = 0; position < 4; position++) {
      const expected = affine(weight('layers.0.weight'), weight('layers.0.bias'), at(x, 3, position));
      expect(at(y, 4, position)).toEqual(close(expected));
    }
  });

  test('stands in layers, with batch norm and ReLU between them', () => {
    const { names } = run({ use: 'conv', kernel: 3, depth: 2, hidden: 5 }, [2, 3, 4, 4], [2, 6, 8, 8]);
    expect(names).toEqual(
      [
        ...['layers.0.weight', 'layers.0.bias'],
        ...['norms.0.running_mean', 'norms.0.running_var', 'norms.0.weight', 'norms.0.bias'],
        ...['layers.1.weight', 'layers.1.bias'],
      ].map((name) => expect.stringMatching(new RegExp(`^${name.split('.').slice(0, 2).join('.')}`))),
    );
  });

  test('pools where it is told to', () => {
    const { y } = run({ use: 'conv', init: 'normal', spatial: 'pool' }, [1, 1, 4, 4], [1, 1, 2, 2]);
    const plain = run({ use: 'conv', init: 'normal' }, [1, 1, 4, 4], [1, 1, 4, 4]).y;
    const mean = (places: number[]) => places.reduce((total, i) => total + plain[i]!, 0) / 4;
    expect(y).toEqual(
      close([mean([0, 1, 4, 5]), mean([2, 3, 6, 7]), mean([8, 9, 12, 13]), mean([10, 11, 14, 15])]),
    );
  });
});

test.each(['linear', { use: 'mlp', depth: 2 }, 'orthogonal'])('%j treats tokens one by one', (use) => {
  const tokens = run(use, [1, 3, 4], [1, 3, 5]);
  const one = run(use, [3, 4], [3, 5]);
  expect(tokens.x).toEqual(one.x);
  expect(tokens.y).toEqual(close(one.y));
});

describe('attention', () => {
  /** One head by plain loops: weighted means of values. */
  function attended(weight: (name: string) => number[], tokens: number[][], query: number[]): number[] {
    const through = (name: string, v: number[]) =>
      affine(weight(`${name}.weight`), weight(`${name}.bias`), v);
    const q = through('q', query);
    const scores = tokens.map((token) => Math.exp(dot(q, through('k', token)) / Math.sqrt(q.length)));
    const total = scores.reduce((a, b) => a + b);
    const mean = q.map((_, i) =>
      tokens.reduce((sofar, token, n) => sofar + (scores[n]! / total) * through('v', token)[i]!, 0),
    );
    return through('proj', mean);
  }

  test('pools a map by a learnt query', () => {
    const { x, y, weight } = run('attention-pool', [1, 3, 2, 2], [1, 4]);
    const tokens = [0, 1, 2, 3].map((position) => [0, 1, 2].map((c) => x[c * 4 + position]!));
    expect(y).toEqual(close(attended(weight, tokens, weight('query'))));
  });

  test('gives each position of the teacher a query of its own', () => {
    const use = { use: 'cross-attention', convolve: false };
    const { x, y, weight } = run(use, [1, 3, 2], [1, 4, 1, 2]);
    const tokens = [0, 1, 2].map((n) => x.slice(2 * n, 2 * n + 2));
    for (const position of [0, 1]) {
      const query = weight('attention.query').slice(4 * position, 4 * position + 4);
      const found = [0, 1, 2, 3].map((c) => y[2 * c + position]!);
      expect(found).toEqual(close(attended((name) => weight(`attention.${name}`), tokens, query)));
    }
  });

  test.each<[string, Use, Shape, Shape]>([
    ['a map to tokens', { use: 'cross-attention', heads: 2 }, [2, 3, 4, 4], [2, 5, 6]],
    ['tokens to a map', { use: 'cross-attention', heads: 3 }, [2, 5, 4], [2, 6, 3, 3]],
    ['tokens to a vector', { use: 'attention-pool', heads: 2 }, [2, 5, 4], [2, 6]],
    ['several of them', { use: 'ensemble', count: 2, projector: 'cross-attention' }, [2, 3, 2, 2], [2, 4, 6]],
    ['several convolutions', { use: 'ensemble', count: 3, projector: 'conv' }, [2, 3, 2, 2], [2, 4, 3, 3]],
  ])('%s', (_, use, from, to) => {
    const { y } = run(use, from, to);
    expect(y).toHaveLength(sizeOf(to));
    expect(y.every(Number.isFinite)).toBe(true);
  });

  test('what does not fit names both shapes', () => {
    expect(() => run('attention-pool', [2, 3, 2, 2], [2, 4, 2, 2])).toThrow(/\[2, 3, 2, 2\].*\[2, 4, 2, 2\]/);
    expect(() => run('cross-attention', [2, 3, 2, 2], [2, 4])).toThrow(/\[2, 3, 2, 2\].*\[2, 4\]/);
    expect(() => run('conv', [2, 3], [2, 4])).toThrow(/\[2, 3\].*\[2, 4\]/);
    expect(() => run({ use: 'attention-pool', heads: 3 }, [2, 5, 4], [2, 4])).toThrow(/3 heads.* 4 channels/);
    expect(() => run('linear', [2, 5, 4], [2, 6, 4])).toThrow(/\[2, 5, 4\].*\[2, 6, 4\]/);
  });
});
