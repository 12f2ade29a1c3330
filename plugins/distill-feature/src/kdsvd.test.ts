import { mul, type SampleInput, sum, type Tensor } from '@limbeck/graph';
import { checkGradients, differentiate, patternFill } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { leadingVectors, type SingularMatrix, singularVectorDistance } from './index.js';

test('the leading vectors of a diagonal matrix are its axes, in order', () => {
  const matrix: SampleInput = { shape: [1, 3, 3], values: [2, 0, 0, 0, 5, 0, 0, 0, 1] };
  const element = (k: number, i: number) =>
    differentiate(
      (m, w) => sum(mul(leadingVectors(m, 3, 10)[k]!, w)),
      [matrix, { shape: [1, 3, 1], values: [0, 1, 2].map((j) => Number(j === i)) }],
    ).value;
  for (const [k, axis] of [1, 0, 2].entries()) {
    const found = [0, 1, 2].map((i) => Math.abs(element(k, i)));
    expect(found).toEqual([0, 1, 2].map((i) => expect.closeTo(Number(i === axis), 6)));
  }
});

const lossOf =
  (matrix: SingularMatrix) =>
  (...maps: Tensor[]) =>
    singularVectorDistance(
      [
        [maps[0]!, maps[2]!],
        [maps[1]!, maps[3]!],
      ],
      { squarings: 10, matrix },
    );
const loss = lossOf('rows');

// values of mdistiller's kdsvd_loss in float64, for maps that are patterns of these names under seed 1
test('agrees with the published code, value and gradient', () => {
  const shapes = [
    [2, 4, 8, 8],
    [2, 8, 4, 4],
    [2, 6, 8, 8],
    [2, 12, 4, 4],
  ];
  const names = ['student.stage1', 'student.stage2', 'teacher.stage1', 'teacher.stage2'];
  const inputs = shapes.map((shape, i) => ({ shape, values: [...patternFill('1', names[i]!, shape).data] }));
  const { value, gradients } = differentiate(loss, inputs);
  expect(value).toBeCloseTo(0.0738840476, 6);
  const summary = (g: Float64Array) => [...g.slice(0, 3), Math.sqrt(g.reduce((a, x) => a + x * x, 0))];
  expect(summary(gradients[0]!)).toEqual(
    [-0.00334593863, 0.00184609042, -0.00188599306, 0.113868075].map((x) => expect.closeTo(x, 5)),
  );
  expect(summary(gradients[1]!)).toEqual(
    [0.000857557752, -0.00265360321, -0.00444102474, 0.139061021].map((x) => expect.closeTo(x, 5)),
  );
});

test('the gradient through squaring and deflation is right', () => {
  const map = (shape: number[]): SampleInput => ({ shape });
  const inputs = [map([1, 2, 3, 3]), map([1, 2, 2, 2]), map([1, 3, 3, 3]), map([1, 3, 2, 2])].map(
    (input, i) => ({
      ...input,
      differentiable: i < 2,
    }),
  );
  expect(checkGradients(loss, inputs, { tolerance: 1e-4 }).length).toBe(2);
});
