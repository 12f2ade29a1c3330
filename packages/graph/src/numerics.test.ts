import { describe, expect, it } from 'vitest';
import {
  cosineSimilarity,
  erf,
  Graph,
  gradients,
  interpret,
  log1p,
  logSoftmax,
  logSumExp,
  program,
  sigmoid,
  softmax,
  softmaxCrossEntropy,
  softplus,
  sum,
  type Tensor,
  tensorData,
} from './index.js';

/** A function of one tensor and its gradient, in the precision of the host or rounded to float32 at every operation. */
function run(
  f: (x: Tensor) => Tensor,
  shape: number[],
  values: number[],
  precision: 'float32' | 'float64' = 'float32',
) {
  const graph = new Graph();
  const x = graph.input('x', shape);
  const y = f(x);
  const [dx] = gradients(sum(y), [x]);
  const feeds = new Map([['x', tensorData('float32', shape, Float32Array.from(values))]]);
  const { outputs } = interpret(program({ name: 'f', outputs: { y, dx: dx! } }), feeds, new Map(), {
    precision,
  });
  return { y: Array.from(outputs.get('y')!.data), dx: Array.from(outputs.get('dx')!.data) };
}

const close = (found: number, expected: number, relative: number) => {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(relative * Math.abs(expected));
};

describe('erf', () => {
  // published tables of the error function
  it.each([
    [0, 0],
    [0.25, 0.2763263901682369],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.75, 0.9998993780778803],
    [3.5, 0.9999992569016276],
    [7, 1],
  ])('of %d is %d', (x, expected) => {
    const { reference } = erf;
    const value = (at: number) =>
      reference([{ shape: [], dtype: 'float32', data: Float64Array.of(at) }], {} as never, {
        shape: [],
        dtype: 'float32',
      })[0]!;
    expect(Math.abs(value(x) - expected)).toBeLessThan(2e-14);
    expect(value(-x) + value(x)).toBe(0);
  });
});

describe('in single precision', () => {
  it('log1p and softplus keep small results', () => {
    const small = run(log1p, [3], [1e-10, -1e-8, 0.5]);
    close(small.y[0]!, 1e-10, 1e-6);
    close(small.y[1]!, -1e-8, 1e-6);
    close(small.y[2]!, Math.log(1.5), 1e-6);
    const tails = run(softplus, [4], [-20, -100, 20, 1000]);
    close(tails.y[0]!, 2.0611536e-9, 1e-6);
    expect(tails.y.slice(1)).toEqual([expect.closeTo(0, 30), 20, 1000]);
    expect(tails.dx.every(Number.isFinite)).toBe(true);
  });

  it('sigmoid does not overflow on either side', () => {
    const { y, dx } = run(sigmoid, [4], [-1e4, -1, 1, 1e4]);
    expect(y).toEqual([0, expect.closeTo(0.26894142, 6), expect.closeTo(0.73105858, 6), 1]);
    expect(dx[0]! + dx[3]!).toBe(0);
  });

  const huge = [1e4, -1e4, 0, -1e4, -1e4, -1e4];

  it.each([
    ['logSumExp', logSumExp],
    ['softmax', softmax],
    ['logSoftmax', logSoftmax],
  ])('%s takes logits of +-10,000', (_, f) => {
    const { y, dx } = run(f, [2, 3], huge);
    expect([...y, ...dx].every(Number.isFinite)).toBe(true);
  });

  it('log-probabilities of huge logits are right', () => {
    expect(run(logSoftmax, [2, 3], huge).y).toEqual([
      0,
      -2e4,
      -1e4,
      ...Array.from({ length: 3 }, () => expect.closeTo(-Math.log(3), 2)),
    ]);
    expect(run(logSumExp, [2, 3], huge).y[0]).toBe(1e4);
  });

  it('cross-entropy of huge logits is right, and its gradient finite', () => {
    const labels = tensorData('int32', [2], Int32Array.of(1, 0));
    const { y, dx } = run((x) => softmaxCrossEntropy(x, x.graph.constant(labels)), [2, 3], huge);
    expect(y).toEqual([2e4, expect.closeTo(Math.log(3), 2)]);
    expect(dx.slice(0, 3)).toEqual([1, -1, 0]);
  });

  it('cosines of very large and very small rows are right', () => {
    const cosine = (scale: number) =>
      run((x) => cosineSimilarity(x, x, { epsilon: 1e-12 }), [1, 2], [3 * scale, 4 * scale]).y[0]!;
    expect(cosine(1e15)).toBeCloseTo(1, 5);
    expect(cosine(1e-7)).toBeCloseTo(1, 5);
  });
});
