import type { BuildProjector, Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import { Graph, interpret, program, type Shape, tensorData } from '@limbeck/graph';
import { initialState, Scope, Trace } from '@limbeck/nn';
import { beforeAll, describe, expect, test } from 'vitest';
import plugin from './index.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});

const build: BuildProjector = (use, m, x, target) => {
  const { contribution, options } = host.use('projectors', use);
  return contribution.project(m, x, target, options, build);
};

function project(use: Use, from: Shape, to: Shape) {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'distiller', mode: 'train' });
  const y = build(use, new Scope(trace).in('projector'), graph.input('x', from), to);
  return { y, trace };
}

/** Projects one vector of ones with drawn weights; gives the result and the weights. */
function evaluate(use: Use, width: number, target: number) {
  const { y, trace } = project(use, [1, width], [1, target]);
  const state = initialState(trace.variables.values(), 7);
  const x = tensorData('float32', [1, width], new Float32Array(width).fill(1));
  const { outputs } = interpret(program({ name: 'p', outputs: { y } }), new Map([['x', x]]), state);
  const weights = (name: string) => [...state.get(`distiller.projector.${name}`)!.data];
  return { y: [...outputs.get('y')!.data], weights };
}

/** W 1 + b by plain loops. */
function affine(weight: number[], bias: number[]): number[] {
  const width = weight.length / bias.length;
  return bias.map((b, o) => weight.slice(o * width, (o + 1) * width).reduce((sum, w) => sum + w, b));
}

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 5));

test('linear is one affine map, with a ReLU on demand', () => {
  const plain = evaluate('linear', 5, 4);
  const expected = affine(plain.weights('linear.weight'), plain.weights('linear.bias'));
  expect(plain.y).toEqual(close(expected));
  const rectified = evaluate({ use: 'linear', activation: 'relu' }, 5, 4);
  expect(rectified.y).toEqual(close(expected.map((value) => Math.max(value, 0))));
  expect(expected.some((value) => value < 0)).toBe(true);
});

test('the ensemble is the mean of its members, which differ', () => {
  const { y, weights } = evaluate({ use: 'ensemble', count: 3 }, 5, 4);
  const members = [0, 1, 2].map((k) =>
    affine(weights(`${k}.linear.weight`), weights(`${k}.linear.bias`)).map((value) => Math.max(value, 0)),
  );
  expect(y).toEqual(
    close(members[0]!.map((_, i) => (members[0]![i]! + members[1]![i]! + members[2]![i]!) / 3)),
  );
  expect(members[0]).not.toEqual(members[1]);
});

test('an ensemble of listed projectors has each kind', () => {
  const projector = ['linear', { use: 'mlp', depth: 3 }, { use: 'linear', init: 'identity', bias: false }];
  const { trace } = project({ use: 'ensemble', projector }, [2, 5], [2, 4]);
  const names = [...trace.variables.keys()].filter((name) => name.endsWith('weight'));
  expect(names.map((name) => name.replace('projector.', ''))).toEqual([
    '0.linear.weight',
    '1.layers.0.weight',
    '1.layers.1.weight',
    '1.layers.2.weight',
    '2.linear.weight',
  ]);
  expect(() => project({ use: 'ensemble', count: 2, projector }, [2, 5], [2, 4])).toThrow(/count/);
});

describe('first weights', () => {
  const gram = (weight: number[], rows: number) => {
    const width = weight.length / rows;
    const row = (r: number) => weight.slice(r * width, (r + 1) * width);
    return Array.from({ length: rows }, (_, a) =>
      Array.from({ length: rows }, (_, b) => row(a).reduce((sum, w, i) => sum + w * row(b)[i]!, 0)),
    );
  };

  test('orthogonal: the rows of every layer, each projector with a draw of its own', () => {
    const { weights } = evaluate({ use: 'ensemble', projector: { use: 'linear', init: 'orthogonal' } }, 5, 4);
    const [first, second] = [0, 1].map((k) => gram(weights(`${k}.linear.weight`), 4));
    const unit = first!.map((line, i) => line.map((_, j) => expect.closeTo(i === j ? 1 : 0, 5)));
    expect([first, second]).toEqual([unit, unit]);
    expect(weights('0.linear.weight')).not.toEqual(weights('1.linear.weight'));
  });

  test('identity: the feature itself at equal widths', () => {
    expect(evaluate({ use: 'linear', init: 'identity', bias: false }, 4, 4).y).toEqual([1, 1, 1, 1]);
    expect(evaluate({ use: 'mlp', depth: 2, init: 'identity' }, 4, 4).weights('layers.1.weight')).toEqual(
      [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0))),
    );
  });

  test.each(['xavier', 'kaiming', 'normal', 'default'])('%s is drawn, and not as another', (init) => {
    const weight = (name: string) => evaluate({ use: 'linear', init: name }, 5, 4).weights('linear.weight');
    const others = ['xavier', 'kaiming', 'normal', 'default'].filter((name) => name !== init);
    for (const other of others) expect(weight(init)).not.toEqual(weight(other));
  });
});

test('an MLP has the widths it is told', () => {
  const { trace } = project({ use: 'mlp', depth: 3, hidden: 7 }, [2, 5], [2, 4]);
  const shapes = [...trace.variables]
    .filter(([name]) => name.endsWith('weight'))
    .map(([, v]) => v.tensor.shape);
  expect(shapes).toEqual([
    [7, 5],
    [7, 7],
    [4, 7],
  ]);
});

describe('what does not fit names both shapes', () => {
  test('identity with other widths', () => {
    expect(() => project('identity', [2, 5], [2, 4])).toThrow(/\[2, 5\].*\[2, 4\]/);
    expect(project('identity', [2, 4], [2, 4]).trace.variables.size).toBe(0);
  });

  test.each(['linear', 'mlp', 'ensemble'])('%s on maps', (use) => {
    expect(() => project(use, [2, 5, 4, 4], [2, 4])).toThrow(/\[2, 5, 4, 4\].*\[2, 4\]/);
  });
});
