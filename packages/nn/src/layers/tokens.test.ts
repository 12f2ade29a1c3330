import { Graph, interpret, program, tensorData } from '@limbeck/graph';
import { expect, test } from 'vitest';
import { Scope } from '../scope.js';
import { initialState, Trace } from '../trace.js';

function start() {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: '', mode: 'train' });
  return { graph, trace, root: new Scope(trace) };
}

const variablesOf = (trace: Trace) =>
  [...trace.variables.values()].map(({ name, tensor }) => [name, tensor.shape]);

test('layer norm gives rows mean 0 and variance 1', () => {
  const all = start();
  const y = all.root.layerNorm('norm', all.graph.input('x', [1, 2, 4]), { epsilon: 1e-6 });
  expect(variablesOf(all.trace)).toEqual([
    ['norm.weight', [4]],
    ['norm.bias', [4]],
  ]);
  const x = tensorData(
    'float32',
    [1, 2, 4],
    Float32Array.from({ length: 8 }, (_, i) => i * i),
  );
  const state = initialState(all.trace.variables.values(), 1);
  const { outputs } = interpret(program({ name: 'p', outputs: { y } }), new Map([['x', x]]), state);
  const values = Array.from(outputs.get('y')!.data);
  for (const row of [values.slice(0, 4), values.slice(4)]) {
    expect(row.reduce((a, b) => a + b)).toBeCloseTo(0, 5);
    expect(row.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 5);
  }
});

test("attention bears timm's names and keeps the shape", () => {
  const all = start();
  const y = all.root.selfAttention('attn', all.graph.input('x', [1, 2, 6]), { heads: 3 });
  expect(y.shape).toEqual([1, 2, 6]);
  expect(variablesOf(all.trace)).toEqual([
    ['attn.qkv.weight', [18, 6]],
    ['attn.qkv.bias', [18]],
    ['attn.proj.weight', [6, 6]],
    ['attn.proj.bias', [6]],
  ]);
  expect([...all.trace.layers.keys()]).toEqual(['attn.qkv', 'attn.proj', 'attn']);
});

test.each([
  [[1, 2, 6], 4],
  [[2, 6], 3],
])('attention over %j with %i heads is refused, naming both', (shape, heads) => {
  const { graph, root } = start();
  expect(() => root.selfAttention('attn', graph.input('x', shape), { heads })).toThrow(
    `attention 'attn' takes tokens [N, T, D] with D a multiple of its ${heads} heads, not [${shape.join(', ')}]`,
  );
});

test("a multi-layer perceptron bears timm's names", () => {
  const all = start();
  const y = all.root.mlp('mlp', all.graph.input('x', [1, 2, 4]), { hidden: 5 });
  expect(y.shape).toEqual([1, 2, 4]);
  expect(variablesOf(all.trace)).toEqual([
    ['mlp.fc1.weight', [5, 4]],
    ['mlp.fc1.bias', [5]],
    ['mlp.fc2.weight', [4, 5]],
    ['mlp.fc2.bias', [4]],
  ]);
});
