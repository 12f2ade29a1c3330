import type { SampleInput } from '@limbeck/graph';
import { differentiate } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { klDivergence } from './kl-divergence.js';

const rows = (values: number[][]): SampleInput => ({
  shape: [values.length, values[0]!.length],
  values: values.flat(),
});

/** Value and gradient for the student. */
function run(student: number[][], teacher: number[][], temperature: number) {
  const inputs = [rows(student), rows(teacher)];
  const { value, gradients } = differentiate((s, t) => klDivergence(s, t, temperature), inputs, {
    precision: 'float32',
  });
  return { loss: value, gradient: [...gradients[0]!] };
}

// PyTorch 2.9: kl_div(log_softmax(s / T), softmax(t / T), 'batchmean') * T^2
describe('against PyTorch', () => {
  const student = [
    [1, 2, -1],
    [0.5, 0.1, 0.3],
  ];
  const teacher = [
    [0, 3, 1],
    [2, -1, 0.5],
  ];
  test.each([
    [
      1,
      0.2751806000047856,
      [
        0.10874319710417657, -0.0692051108915491, -0.03953808621262738, -0.1919187280279602,
        0.11509746295352521, 0.07682126507443503,
      ],
    ],
    [
      4,
      0.5827116436013438,
      [
        0.23746884360917841, -0.07362056818340856, -0.16384827542576985, -0.22580976103368242,
        0.1961786797815642, 0.029631081252118257,
      ],
    ],
  ])('at temperature %d', (temperature, loss, gradient) => {
    const result = run(student, teacher, temperature);
    expect(result.loss).toBeCloseTo(loss, 5);
    expect(result.gradient).toEqual(gradient.map((value) => expect.closeTo(value, 5)));
  });
});

test('identical predictions cost nothing and pull nowhere', () => {
  const { loss, gradient } = run([[3, -2, 8]], [[3, -2, 8]], 4);
  expect(loss).toBeCloseTo(0, 6);
  expect(gradient).toEqual([0, 0, 0].map((zero) => expect.closeTo(zero, 6)));
});

test('huge logits, a single class and a batch of one stay finite', () => {
  for (const [student, teacher] of [
    [[[1e4, -1e4]], [[-1e4, 1e4]]],
    [[[5]], [[-3]]],
  ] as const) {
    const { loss, gradient } = run(student as never, teacher as never, 4);
    expect([loss, ...gradient].every(Number.isFinite)).toBe(true);
  }
});
