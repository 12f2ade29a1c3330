import { attr, type OnnxModel, type OnnxNode } from '@limbeck/formats';
import { describe, expect, test } from 'vitest';
import { planQuantization } from './plan.js';

const node = (opType: string, inputs: string[], output: string): OnnxNode => ({
  opType,
  inputs,
  outputs: [output],
  name: output,
  attributes: { group: attr.int(1) },
});

const model = (nodes: OnnxNode[], outputs: string[], bound: number[] = [6]): OnnxModel => ({
  irVersion: 9,
  opsetImports: [{ domain: '', version: 20 }],
  producerName: 'limbeck',
  metadata: {},
  graph: {
    name: 'planned',
    nodes,
    inputs: [{ name: 'x' }],
    outputs: outputs.map((name) => ({ name })),
    initializers: [
      { name: 'w', dtype: 'float32', shape: [1, 1, 1, 1], data: Float32Array.of(1) },
      { name: 'bound', dtype: 'float32', shape: [bound.length], data: Float32Array.from(bound) },
    ],
  },
});

/** x -> first -> second -> relu -> min -> third */
const chain = [
  node('Conv', ['x', 'w'], 'first'),
  node('Conv', ['first', 'w'], 'second'),
  node('Relu', ['second'], 'relu'),
  node('Min', ['relu', 'bound'], 'min'),
  node('Conv', ['min', 'w'], 'third'),
];

const summary = (of: OnnxModel) => {
  const { nodes, absorbed } = planQuantization(of);
  return {
    results: [...nodes.values()].map(({ result }) => result),
    absorbed: [...absorbed].map(({ name }) => name),
  };
};

test('activations vanish into the rounding of the convolution before them', () => {
  expect(summary(model(chain, ['third']))).toEqual({ results: ['min', 'third'], absorbed: ['relu', 'min'] });
});

test('the first convolution is computed in int8 where that is asked for', () => {
  const { nodes, observed } = planQuantization(model(chain, ['third']), { firstConvolution: 'int8' });
  expect([...nodes.values()].map(({ result }) => result)).toEqual(['first', 'min', 'third']);
  expect(observed).toContain('x');
});

test('activations stay whose input leaves the model', () => {
  expect(summary(model(chain, ['second', 'third']))).toEqual({ results: ['second', 'third'], absorbed: [] });
  expect(summary(model(chain, ['relu', 'third']))).toEqual({
    results: ['relu', 'third'],
    absorbed: ['relu'],
  });
});

test.each([[[-1]], [[6, 5]]])('bounds that rounding cannot stand for stay: %j', (bound) => {
  expect(summary(model(chain, ['third'], bound)).absorbed).toEqual(['relu']);
});

test('sums stay float unless both terms are in 8 bits', () => {
  const sum = (other: string) => [...chain, node('Add', ['third', other], 'sum')];
  expect(summary(model(sum('min'), ['sum'])).results).toContain('sum');
  expect(summary(model(sum('x'), ['sum'])).results).not.toContain('sum');
});

describe('the classifier', () => {
  const classified = [
    ...chain,
    node('GlobalAveragePool', ['third'], 'pooled'),
    node('Flatten', ['pooled'], 'embedding'),
    node('Gemm', ['embedding', 'w'], 'hidden'),
    node('Gemm', ['hidden', 'w'], 'logits'),
  ];
  const asked = (outputs: string[]) => planQuantization(model(classified, outputs), { classifier: 'int8' });

  test('stays float unless it is asked for', () => {
    const { classifier, observed } = planQuantization(model(classified, ['logits']));
    expect(classifier).toBeUndefined();
    expect(observed).not.toContain('hidden');
  });

  test('is the product whose result leaves the model', () => {
    const { classifier, observed, nodes } = asked(['embedding', 'logits']);
    expect(classifier).toMatchObject({ opType: 'Gemm', outputs: ['logits'] });
    expect(observed).toContain('hidden');
    expect([...nodes.values()].map(({ result }) => result)).toEqual(['min', 'third']);
  });

  test('that is asked for and not there is refused', () => {
    expect(() => asked(['embedding'])).toThrow(/'planned' has no classifier to compute in int8/);
  });
});
