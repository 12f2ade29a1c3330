import { describe, expect, it } from 'vitest';
import { add, Graph, GraphError, mul, type Program, program, relu, type Tensor, verify } from './index.js';

const legal = (): { graph: Graph; x: Tensor; weight: Tensor; target: Program } => {
  const graph = new Graph();
  const [x, weight] = [graph.input('x', [2]), graph.state('weight', [2])];
  const y = graph.scoped('student', () => relu(mul(x, weight)));
  const target = program({ name: 'p', outputs: { y }, updates: new Map([['weight', add(weight, x)]]) });
  return { graph, x, weight, target };
};

/** A node that no graph would make. */
const forged = (node: Tensor, changes: Partial<Tensor>): Tensor => ({ ...node, ...changes });

const withOutput = (target: Program, y: Tensor): Program => ({ ...target, outputs: new Map([['y', y]]) });

describe('verify', () => {
  it('accepts what program() collects', () => {
    expect(() => verify(legal().target)).not.toThrow();
    expect(() => verify({ name: 'empty', inputs: [], state: [], outputs: new Map() })).not.toThrow();
  });

  const { graph, x, weight, target } = legal();
  const y = target.outputs.get('y')!;
  const slot = target.state[0]!;
  const planted: [string, Program, string][] = [
    ['an undeclared input', { ...target, inputs: [] }, "program 'p': input 'x' is used but not declared"],
    ['undeclared state', { ...target, state: [] }, "program 'p': state 'weight' is used but not declared"],
    ['an input declared twice', { ...target, inputs: [x, x] }, "input 'x' is declared twice"],
    ['state declared twice', { ...target, state: [slot, slot] }, "state 'weight' is declared twice"],
    ['an input that is none', { ...target, inputs: [x, weight] }, "'state' is declared as an input"],
    [
      'a slot that holds another leaf',
      { ...target, state: [{ ...slot, name: 'bias' }] },
      "state 'bias' does not hold the leaf of that name",
    ],
    [
      'state that changes shape',
      { ...target, state: [{ ...slot, next: graph.input('x3', [3]) }] },
      "state 'weight' changes from float32 [2] to float32 [3]",
    ],
    [
      'a shape against the rule',
      withOutput(target, forged(y, { shape: [3] })),
      "'relu' claims float32 [3], its rule says float32 [2] (at student)",
    ],
    [
      'a type against the rule',
      withOutput(target, forged(y, { dtype: 'int32' })),
      "'relu' claims int32 [2], its rule says float32 [2]",
    ],
    ['a node before its input', withOutput(target, forged(y, { id: 0 })), "'relu' reads a later node"],
    [
      'nodes of another graph',
      withOutput(target, legal().target.outputs.get('y')!),
      'belongs to another graph',
    ],
  ];

  it.each(planted)('finds %s', (_, broken, message) => {
    expect(() => verify(broken)).toThrow(message);
    expect(() => verify(broken)).toThrow(GraphError);
  });
});

describe('program', () => {
  it('refuses updates of state nothing reads, and updates of another type', () => {
    const { graph, x, weight } = legal();
    const outputs = { y: mul(x, weight) };
    expect(() => program({ name: 'p', outputs, updates: new Map([['bias', x]]) })).toThrow(
      "program 'p' updates state 'bias', which nothing reads",
    );
    expect(() =>
      program({ name: 'p', outputs, updates: new Map([['weight', graph.input('z', [3])]]) }),
    ).toThrow("program 'p': state 'weight' is float32 [2], its update float32 [3]");
  });
});
