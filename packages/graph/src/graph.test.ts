import { describe, expect, it } from 'vitest';
import {
  add,
  cast,
  composite,
  concat,
  constantData,
  constantValue,
  conv2d,
  div,
  equal,
  Graph,
  GraphError,
  gather,
  logicalAnd,
  matmul,
  maxPool,
  mul,
  oneHot,
  pad,
  relu,
  reshape,
  slice,
  sum,
  type Tensor,
  tensorData,
  transpose,
  where,
} from './index.js';
import { conv2dOperation } from './ops/conv2d.js';

describe('interning', () => {
  it('makes one node of an expression that is written twice', () => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', [2]), graph.input('b', [2])];
    expect(mul(add(a, b), 2)).toBe(mul(add(a, b), 2));
    expect(graph.input('a', [2])).toBe(a);
    expect(reshape(a, [2, 1])).toBe(reshape(a, [2, 1]));
    expect(mul(a, b)).not.toBe(mul(b, a));
    expect(add(a, 1)).not.toBe(add(a, 2));
    expect(add(a, 0)).not.toBe(add(a, -0));
    expect(reshape(a, [2, 1])).not.toBe(reshape(a, [1, 2]));
  });

  it('does not depend on the order attributes are written in', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    const node = (attributes: { axes: number[]; keepDims: boolean }) =>
      graph.node(sum(x).operation, [x], attributes);
    expect(node({ axes: [0], keepDims: true })).toBe(node({ keepDims: true, axes: [0] }));
  });

  it('keeps the scope a node was made in first', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const first = graph.scoped('student', () => relu(x));
    expect(graph.scoped('teacher', () => relu(x))).toBe(first);
    expect(first.scope).toBe('student');
    expect(graph.scope).toBe('');
  });

  it('leaves the scope again when building fails', () => {
    const graph = new Graph();
    expect(() => graph.scoped('student', () => reshape(graph.input('x', [2]), [3]))).toThrow(GraphError);
    expect(graph.scope).toBe('');
  });

  it('shares constants by their data, and tells names apart that look like attributes', () => {
    const graph = new Graph();
    const data = tensorData('float32', [2], Float32Array.of(1, 2));
    expect(graph.constant(data)).toBe(graph.constant(data));
    expect(graph.input('x', [2])).not.toBe(graph.state('x', [2]));
    expect(graph.input('x|shape=[2]', [3])).not.toBe(graph.input('x', [2]));
  });

  it('makes nodes nobody can change', () => {
    const graph = new Graph();
    const shape = [2, 3];
    const order = [1, 0];
    const x = graph.input('x', shape);
    const y = transpose(x, order);
    shape[0] = 7;
    order[0] = 7;
    expect(x.shape).toEqual([2, 3]);
    expect(y.attributes.order).toEqual([1, 0]);
    expect(Object.isFrozen(y) && Object.isFrozen(y.attributes) && Object.isFrozen(y.shape)).toBe(true);
  });
});

describe('constants', () => {
  it('keep a scalar as it was written and round its data', () => {
    const graph = new Graph();
    expect(constantValue(graph.scalar(0.1)).data[0]).toBe(0.1);
    expect(constantData(graph.scalar(0.1)).data[0]).toBe(Math.fround(0.1));
    expect(constantData(graph.scalar(1.5, 'bfloat16')).data[0]).toBe(0x3fc0);
    expect(constantData(graph.scalar(3, 'bool')).data[0]).toBe(1);
  });

  it.each([
    [0.5, 'int32'],
    [300, 'uint8'],
    [Number.NaN, 'int32'],
    [2 ** 31, 'int32'],
  ] as const)('refuse %d as %s', (value, dtype) => {
    expect(() => new Graph().scalar(value, dtype)).toThrow(
      `${value} is no ${dtype}; cast the tensor it meets first`,
    );
  });

  it('refuse data of another length than their shape says', () => {
    const data = { dtype: 'float32', shape: [3], data: Float32Array.of(1, 2) } as const;
    expect(() => new Graph().constant(data)).toThrow('a constant of shape [3] holds 3 elements, not 2');
  });
});

describe('GraphError', () => {
  const graph = new Graph();
  const a = graph.input('a', [2, 3]);
  const b = graph.input('b', [4]);
  const labels = graph.input('labels', [2], 'int32');
  const map = graph.input('map', [2, 3, 8, 8]);
  const weight = graph.input('weight', [4, 5, 3, 3]);
  const plain = {
    strides: [0, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    inputDilation: [1, 1],
    groups: 1,
  } as const;

  const cases: [string, () => Tensor, string][] = [
    [
      'broadcasting',
      () => add(a, b),
      'add: shapes [2, 3] and [4] do not broadcast (3 against 4) (at student.fc)',
    ],
    ['element types', () => add(a, labels), 'add: element types differ, float32 [2, 3] and int32 [2]'],
    ['truth values', () => sum(equal(a, a)), 'sum works on numbers, not bool [2, 3]; cast it first'],
    [
      'arithmetic of truth values',
      () => add(equal(a, a), equal(a, a)),
      'add works on numbers, not bool [2, 3]',
    ],
    [
      'logic of numbers',
      () => logicalAnd(a, a),
      'logicalAnd: every operand must be bool, not float32 [2, 3]',
    ],
    ['integer division', () => div(labels, labels), 'div works on floating-point tensors, not int32 [2]'],
    ['a condition', () => where(a, a, 0), 'where: the condition must be bool, not float32 [2, 3]'],
    ['inner sizes', () => matmul(a, a), 'matmul: inner sizes differ, 3 and 2, in [2, 3] and [2, 3]'],
    ['ranks', () => matmul(a, b), 'matmul needs two matrices of one type, not [2, 3] and [4]'],
    [
      'channels',
      () => conv2d(map, weight),
      'conv2d: input [2, 3, 8, 8] has 3 channels, weight [4, 5, 3, 3] with 1 group(s) takes 5',
    ],
    ['maps', () => conv2d(a, weight), 'conv2d: the input must have 4 dimensions, not shape [2, 3]'],
    [
      'a stride of zero',
      () => conv2dOperation(map, graph.input('w3', [4, 3, 3, 3]), plain),
      'conv2d of [2, 3, 8, 8], [4, 3, 3, 3] would have shape [2, 4, Infinity, 6]',
    ],
    [
      'windows',
      () => maxPool(map, { kernel: 9 }),
      'maxPool: a 9x9 window with padding [0, 0, 0, 0] does not fit [2, 3, 8, 8]',
    ],
    ['elements', () => reshape(a, [4, 2]), 'reshape: [2, 3] has 6 elements, [4, 2] has 8'],
    [
      'a dimension left over',
      () => reshape(a, [4, -1]),
      'reshape: the 6 elements of [2, 3] do not divide evenly into [4, -1]',
    ],
    ['permutations', () => transpose(a, [0, 0]), 'transpose: [0, 0] is no permutation of the axes of [2, 3]'],
    ['axes', () => sum(a, { axis: 2 }), 'sum: a tensor of rank 2 has no axis 2'],
    [
      'bounds',
      () => slice(a, { axis: 1, start: 2, end: 5 }),
      'slice: 2:5:1 does not lie inside axis 1 of [2, 3]',
    ],
    ['padding', () => pad(a, { before: [1], after: [0, 1] }), 'pad: [1] and [0, 1] do not fit [2, 3]'],
    [
      'parts',
      () => concat([a, reshape(a, [3, 2])]),
      'concat along axis 0: float32 [2, 3] and float32 [3, 2] differ elsewhere',
    ],
    ['indices', () => gather(a, b), 'gather: the indices must be int32, not float32 [4]'],
    ['labels', () => oneHot(b, 3), 'oneHot: the indices must be int32, not float32 [4]'],
    [
      'leaves',
      () => graph.input('a', [5]),
      "input 'a' is float32 [2, 3] already and cannot also be float32 [5]",
    ],
    ['empty shapes', () => graph.input('none', [0, 3]), "input 'none' cannot have shape [0, 3]"],
    ['names', () => graph.state('', [3]), 'the state needs a name'],
    ['graphs', () => add(a, new Graph().input('c', [3])), "'add' mixes tensors of two graphs"],
  ];

  it.each(cases)('names both sides and the scope: %s', (_, build, message) => {
    let caught: unknown;
    try {
      graph.scoped('student.fc', build);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(GraphError);
    expect((caught as GraphError).message).toContain(message);
    expect((caught as GraphError).message).toContain('(at student.fc)');
    expect((caught as GraphError).scope).toBe('student.fc');
  });
});

describe('composites', () => {
  it('may not read leaves behind the back of their inputs', () => {
    const graph = new Graph();
    const weight = graph.state('weight', [2]);
    const leaky = composite<'leaky', [x: Tensor]>('leaky', (x) => mul(x, relu(weight)));
    expect(() => leaky(graph.input('x', [2]))).toThrow(
      "composite 'leaky' reads state 'weight', which is not among its inputs",
    );
    expect(leaky(weight).shape).toEqual([2]);
  });

  it('have the type of their decomposition', () => {
    const graph = new Graph();
    const asInteger = composite<'asInteger', [x: Tensor]>('asInteger', (x) =>
      cast(sum(x, { axis: 0 }), 'int32'),
    );
    const y = asInteger(graph.input('x', [2, 3]));
    expect([y.shape, y.dtype]).toEqual([[3], 'int32']);
    expect(() => graph.decompositionOf(graph.input('x', [2, 3]))).toThrow("'input' is not a composite");
  });
});
