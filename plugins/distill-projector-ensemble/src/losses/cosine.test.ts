import type { SampleInput } from '@limbeck/graph';
import { differentiate } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { cosineDistance } from './cosine.js';

const rows = (values: number[][]): SampleInput => ({
  shape: [values.length, values[0]!.length],
  values: values.flat(),
});

/** Value and gradient for the student. */
function run(student: number[][], teacher: number[][]) {
  const inputs = [rows(student), rows(teacher)];
  const { value, gradients } = differentiate((s, t) => cosineDistance(s, t, 1e-6), inputs, {
    precision: 'float32',
  });
  return { loss: value, gradient: [...gradients[0]!] };
}

/** Mean of 1 - cosine by plain loops. */
function expected(student: number[][], teacher: number[][]): number {
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const distances = student.map(
    (s, i) => 1 - dot(s, teacher[i]!) / Math.sqrt(dot(s, s) * dot(teacher[i]!, teacher[i]!)),
  );
  return distances.reduce((a, b) => a + b) / student.length;
}

test('is the mean of 1 - cosine', () => {
  const student = [
    [1, 2, 3],
    [0.5, -1, 0],
  ];
  const teacher = [
    [3, 1, 2],
    [1, 1, 1],
  ];
  expect(run(student, teacher).loss).toBeCloseTo(expected(student, teacher), 6);
});

test('does not see lengths, so its gradient is at right angles to the student', () => {
  const student = [[1, 2, 3]];
  const { gradient } = run(student, [[3, 1, 2]]);
  expect(gradient.reduce((sum, g, i) => sum + g * student[0]![i]!, 0)).toBeCloseTo(0, 6);
  expect(run([[10, 20, 30]], [[3, 1, 2]]).loss).toBeCloseTo(run(student, [[3, 1, 2]]).loss, 6);
});

test('a projection whose ReLUs are all zero costs 1 and gives a finite gradient', () => {
  const { loss, gradient } = run([[0, 0, 0]], [[3, 1, 2]]);
  expect(loss).toBe(1);
  expect(gradient.every(Number.isFinite)).toBe(true);
});
