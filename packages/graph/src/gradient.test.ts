import { describe, expect, it } from 'vitest';
import {
  abs,
  add,
  cast,
  cosineSimilarity,
  evaluate,
  exp,
  Graph,
  gradients,
  l2Normalize,
  log,
  maximum,
  maxPoolGradient,
  mean,
  minimum,
  mul,
  neg,
  nodesOf,
  pow,
  program,
  reachedGradients,
  reduceMax,
  relu,
  reshape,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensorData,
  toReference,
} from './index.js';

/** Value and gradients of a scalar function of vectors, at given points. */
function gradientsAt(build: (...x: Tensor[]) => Tensor, ...points: number[][]): number[][] {
  const graph = new Graph();
  const x = points.map((point, i) => graph.input(`x${i}`, [point.length]));
  const outputs = new Map(gradients(sum(build(...x)), x).map((d, i) => [`${i}`, d]));
  const feeds = new Map(
    points.map((point, i) => [
      `x${i}`,
      toReference(tensorData('float32', [point.length], Float32Array.from(point))),
    ]),
  );
  const result = evaluate(program({ name: 'gradients', outputs }), feeds).outputs;
  return points.map((_, i) => Array.from(result.get(`${i}`)!.data));
}

describe('at kinks gradients are PyTorch’s', () => {
  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ['relu at 0', relu, [-1, 0, 2], [0, 0, 1]],
    ['abs at 0', abs, [-1, 0, 2], [-1, 0, 1]],
    ['sqrt at 0', sqrt, [0], [Number.POSITIVE_INFINITY]],
    ['log at 0', log, [0], [Number.POSITIVE_INFINITY]],
    ['largest element, ties share', (x) => reduceMax(x), [1, 3, 3, 2], [0, 0.5, 0.5, 0]],
    ['a power of 0', (x) => pow(x, 2), [0, 3], [0, 6]],
    ['the power 0', (x) => pow(x, 0), [0, 3], [0, 0]],
    ['the power 1', (x) => pow(x, 1), [0, -3], [1, 1]],
    ['an exponent above 0', (x) => pow(0, x), [0.5, 2], [0, 0]],
  ])('%s', (_, f, x, expected) => {
    const [found] = gradientsAt(f, x);
    expect(found!.map((value) => value + 0)).toEqual(expected);
  });

  it('maximum and minimum share where both are equal', () => {
    expect(gradientsAt(maximum, [1, 2, 3], [2, 2, 2])).toEqual([
      [0, 0.5, 1],
      [1, 0.5, 0],
    ]);
    expect(gradientsAt(minimum, [1, 2, 3], [2, 2, 2])).toEqual([
      [1, 0.5, 0],
      [0, 0.5, 1],
    ]);
  });
});

describe('rows of zeros', () => {
  it.each([1e-6, 1e-12])('have finite gradients when they are normalised, epsilon %d', (epsilon) => {
    const normalized = (x: Tensor) => l2Normalize(reshape(x, [1, 3]), { epsilon });
    const [gradient] = gradientsAt(normalized, [0, 0, 0]);
    gradient!.forEach((value) => {
      expect(value * epsilon).toBeCloseTo(1, 6);
    });
  });

  it('have cosine 0 and a finite gradient', () => {
    const cosine = (a: Tensor, b: Tensor) =>
      cosineSimilarity(reshape(a, [1, 2]), reshape(b, [1, 2]), { epsilon: 1e-8 });
    for (const [a, b] of [
      [
        [0, 0],
        [3, 4],
      ],
      [
        [3, 4],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ] as const) {
      expect(
        gradientsAt(cosine, [...a], [...b])
          .flat()
          .every(Number.isFinite),
      ).toBe(true);
    }
  });
});

describe('gradients', () => {
  it('are zeros where the loss does not depend on a tensor', () => {
    expect(gradientsAt((a, _b) => square(a), [2], [1, 1])).toEqual([[4], [0, 0]]);
  });

  it('stop at stopGradient and at integers', () => {
    expect(gradientsAt((x) => mul(x, stopGradient(x)), [3])).toEqual([[3]]);
    expect(gradientsAt((x) => mul(x, cast(cast(x, 'int32'), 'float32')), [3])).toEqual([[3]]);
  });

  it('flow through casts between floating-point types, in the type of each', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const [dx] = gradients(cast(sum(square(cast(x, 'bfloat16'))), 'float32'), [x]);
    expect(dx!.dtype).toBe('float32');
    expect(gradientsAt((v) => cast(square(cast(v, 'bfloat16')), 'float32'), [3])).toEqual([[6]]);
  });

  it('add up over every path, and over stretched axes', () => {
    expect(gradientsAt((x) => add(mul(x, x), mul(x, 3)), [2, 5])).toEqual([[7, 13]]);
    expect(gradientsAt((a, b) => mul(reshape(a, [2, 1]), b), [1, 2], [3, 4, 5])).toEqual([
      [12, 12],
      [3, 3, 3],
    ]);
  });

  it('can be taken for an intermediate result', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const h = exp(x);
    const [dh, dx] = gradients(sum(square(h)), [h, x]);
    expect(dh!.shape).toEqual([2]);
    expect(dx).toBe(mul(dh!, h));
  });

  it('can be taken of gradients', () => {
    const graph = new Graph();
    const x = graph.input('x', []);
    const [first] = gradients(mul(x, mul(x, x)), [x]);
    const [second] = gradients(first!, [x]);
    const at = new Map([['x', toReference(tensorData('float32', [], Float32Array.of(2)))]]);
    expect(
      evaluate(program({ name: 'p', outputs: { second: second! } }), at).outputs.get('second')!.data[0],
    ).toBe(12);
  });

  it('are listed beside what they belong to', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const y = graph.scoped('student', () => exp(x));
    const [dx] = gradients(sum(y), [x]);
    expect(dx!.scope).toBe('student/gradient');
    const [again] = gradients(sum(mul(dx!, 2)), [x]);
    expect(again!.scope).toMatch(/^[^/]*\/gradient$/);
  });

  it('refuse losses that are no scalars, and tensors of another graph', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    expect(() => gradients(x, [x])).toThrow(
      'gradients are taken of a floating-point scalar, not of float32 [2]',
    );
    expect(() => gradients(cast(sum(x), 'int32'), [x])).toThrow('not of int32 []');
    expect(() => gradients(sum(x), [new Graph().input('x', [2])])).toThrow(
      "'input' [2] belongs to another graph",
    );
  });

  it('refuse to pass silently through an operation without a gradient', () => {
    const graph = new Graph();
    const dy = graph.input('dy', [1, 1, 1, 1]);
    const x = graph.input('x', [1, 1, 2, 2]);
    const y = maxPoolGradient(dy, x, { kernel: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0] });
    expect(() => gradients(sum(y), [dy])).toThrow("'maxPoolGradient' has no gradient");
    expect(gradients(sum(y), [y])[0]!.shape).toEqual([1, 1, 2, 2]);
  });

  it('do not run out of stack on very deep graphs', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    let y: Tensor = x;
    for (let i = 0; i < 20_000; i++) y = i % 2 === 0 ? relu(add(y, 1)) : neg(sub(y, i));
    const [dx] = gradients(mean(y), [x]);
    expect(nodesOf(program({ name: 'deep', outputs: { dx: dx! } })).length).toBeGreaterThan(20_000);
  });
});

describe('gradients where a path leads', () => {
  it('leave out what is behind stopGradient or not read, and what a composite reads is found', () => {
    const graph = new Graph();
    const state = (name: string) => graph.state(name, [2]);
    const [used, stopped, both, unread] = [state('used'), state('stopped'), state('both'), state('unread')];
    const read = add(mul(used, stopGradient(stopped)), mul(both, stopGradient(both)));
    const reached = reachedGradients(sum(softplus(read)), [used, stopped, both, unread]);
    expect([...reached.keys()]).toEqual([used, both]);
    const all = gradients(sum(softplus(read)), [used, both]);
    expect([...reached.values()]).toEqual(all);
  });
});
