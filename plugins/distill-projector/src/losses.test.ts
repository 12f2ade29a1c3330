import { mul, type SampleInput, smoothL1, type Tensor } from '@limbeck/graph';
import { checkGradients, differentiate } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { logSumDistance, normalizedOverFeatures, normDirectionDistance } from './index.js';

const [batch, width] = [4, 5];
type Rows = number[][];
const rowsOf = (data: Float64Array): Rows =>
  Array.from({ length: data.length / width }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const dot = (a: number[], b: number[]) => total(a.map((x, i) => x * b[i]!));
const columns = (rows: Rows) => rows[0]!.map((_, c) => rows.map((row) => row[c]!));
const normalized = (values: number[], epsilon: number) => {
  const mean = average(values);
  const deviation = Math.sqrt(average(values.map((x) => (x - mean) ** 2)) + epsilon);
  return values.map((x) => (x - mean) / deviation);
};

const logSum = (exponent: number) => (student: Rows, teacher: Rows) => {
  const [s, t] = [student, teacher].map((rows) => columns(rows).flatMap((v) => normalized(v, 1e-4)));
  return Math.log(total(s!.map((x, i) => Math.abs(x - t![i]!) ** exponent)));
};

const turned = (student: Rows, teacher: Rows) => {
  const targets = teacher.flatMap((row) => normalized(row, 1e-5));
  return average(
    student.flat().map((x, i) => {
      const d = Math.abs(3 * x - targets[i]!);
      return d < 1 ? 0.5 * d * d : d - 0.5;
    }),
  );
};

const direction = (student: Rows, teacher: Rows, along: Rows) =>
  1 -
  average(
    student.map((s, i) => {
      const t = teacher[i]!;
      return dot(s, along[i]!) / Math.max(Math.sqrt(dot(s, s)), Math.sqrt(dot(t, t)));
    }),
  );

const features = (from: number): SampleInput => ({ shape: [batch, width], from, to: 1 });
type Loss = (student: Tensor, teacher: Tensor, third: Tensor) => Tensor;
const losses: [string, Loss, (s: Rows, t: Rows, third: Rows) => number][] = [
  ['log-sum of fourth powers', (s, t) => logSumDistance(s, t, { exponent: 4, epsilon: 1e-4 }), logSum(4)],
  ['log-sum of other powers', (s, t) => logSumDistance(s, t, { exponent: 2.5, epsilon: 1e-4 }), logSum(2.5)],
  ['smooth L1 to a normalised teacher', (s, t) => smoothL1(mul(s, 3), normalizedOverFeatures(t)), turned],
  ['norm and direction', normDirectionDistance, direction],
];

describe.each(losses)('%s', (_, loss, expected) => {
  const inputs = [features(-1), features(-0.5), features(-1)];

  test('is what plain loops say', () => {
    const { value, inputs: filled } = differentiate(loss, inputs);
    const [student, teacher, third] = filled.map(rowsOf);
    expect(value).toBeCloseTo(expected(student!, teacher!, third!), 9);
  });

  test('its gradient is right', () => {
    expect(checkGradients(loss, inputs).length).toBe(3);
  });
});

test('a student shorter than its teacher is drawn out, a longer one is only turned', () => {
  const gradient = (length: number) => {
    const { gradients } = differentiate(normDirectionDistance, [
      { shape: [1, 2], values: [length, 0] },
      { shape: [1, 2], values: [0, 2] },
      { shape: [1, 2], values: [Math.SQRT1_2, Math.SQRT1_2] },
    ]);
    return gradients[0]![0]!;
  };
  expect(gradient(1)).toBeCloseTo(-Math.SQRT1_2 / 2, 6);
  expect(gradient(3)).toBeCloseTo(0, 6);
});
