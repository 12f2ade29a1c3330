import { add, mean, mul, sum } from '@limbeck/graph';
import { expect, it } from 'vitest';
import { boundScope } from './bound-scope.js';
import { checkGradients } from './check.js';
import { differentiate } from './differentiate.js';

it('gives the value, the gradient for each input, and what these are', () => {
  const { value, gradients, inputs } = differentiate(
    (x, y) => sum(mul(x, add(x, mean(y)))),
    [{ shape: [2], values: [3, -1] }, { shape: [4], values: [1, 2, 3, 4] }, { shape: [1] }],
  );
  expect(value).toBe(15);
  expect(gradients.map((g) => [...g])).toEqual([[8.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0]]);
  expect([...inputs[0]!]).toEqual([3, -1]);
});

it('rounds as backends do when told to', () => {
  const one = (precision: 'float32' | 'float64') =>
    differentiate((x) => sum(add(add(x, 1e9), -1e9)), [{ shape: [1], values: [1] }], { precision }).value;
  expect([one('float64'), one('float32')]).toEqual([1, 0]);
});

it('bound variables are inputs like others, and must fit', () => {
  const reports = checkGradients(
    (x, weight, bias) =>
      boundScope(x.graph, { 'fc.weight': weight, 'fc.bias': bias }).linear('fc', x, { out: 3 }),
    [{ shape: [4, 6] }, { shape: [3, 6] }, { shape: [3] }],
  );
  expect(reports.map(({ input }) => input)).toEqual([0, 1, 2]);
  const wrong = (shape: number[]) => () =>
    checkGradients(
      (x, weight) => boundScope(x.graph, { 'fc.weight': weight }).linear('fc', x, { out: 3 }),
      [{ shape: [4, 6] }, { shape }],
    );
  expect(wrong([3, 5])).toThrow("variable 'fc.weight' is [3, 6], but [3, 5] is given");
  expect(wrong([3, 6])).toThrow("variable 'fc.bias' is [3], but none is given");
});
