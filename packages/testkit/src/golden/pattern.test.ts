import { describe, expect, it } from 'vitest';
import { lossInputRule, parameterRule, patternFill } from './pattern.js';

/** Rows of a tensor as plain numbers. */
const rowsOf = ({ data, shape }: { data: Float32Array; shape: readonly number[] }): number[][] =>
  Array.from({ length: shape[0]! }, (_, i) => Array.from(data.subarray(i * shape[1]!, (i + 1) * shape[1]!)));

const logSoftmax = (row: readonly number[]): number[] => {
  const largest = Math.max(...row);
  const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0)) + largest;
  return row.map((x) => x - total);
};

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

// numbers below come from PyTorch; see README.md of the golden folder
const labels = [1, 8, 5, 2, 9, 6, 3, 0];
const logits = (name: string) => rowsOf(patternFill('1', name, [8, 10], lossInputRule(name)));
const crossEntropy = (rows: readonly number[][]) =>
  average(rows.map((row, i) => -logSoftmax(row)[labels[i]!]!));

/** KL divergence of teacher and student at temperature T, times its square, mean over the batch. */
const distillation = (student: readonly number[][], teacher: readonly number[][], temperature: number) =>
  temperature ** 2 *
  average(
    student.map((row, i) => {
      const p = logSoftmax(teacher[i]!.map((x) => x / temperature));
      const q = logSoftmax(row.map((x) => x / temperature));
      return p.reduce((sum, value, k) => sum + Math.exp(value) * (value - q[k]!), 0);
    }),
  );

describe('patternFill', () => {
  it('makes the inputs of the published losses', () => {
    expect(crossEntropy(logits('student.logits'))).toBeCloseTo(6.087713718414307, 5);
    const loss = distillation(logits('student.logits'), logits('teacher.logits'), 4);
    expect(loss).toBeCloseTo(4.560177803039551, 5);
  });

  it('makes the parameters of a published projector', () => {
    const parameter = (name: string, shape: number[]) =>
      patternFill('1.logitproj', name, shape, parameterRule(name, shape));
    const weight = rowsOf(parameter('weight', [10, 10]));
    const bias = parameter('bias', [10]).data;
    const student = logits('student.logits');
    const projected = student.map((row) =>
      weight.map((w, out) => w.reduce((sum, value, i) => sum + value * row[i]!, bias[out]!)),
    );
    const loss = 0.1 * crossEntropy(student) + 0.9 * distillation(projected, logits('teacher.logits'), 4);
    expect(loss).toBeCloseTo(7.522292137145996, 5);
  });

  it('gives each seed and name numbers of its own, spread over [-1, 1)', () => {
    const { data } = patternFill('1', 'x', [10_000]);
    expect(average(Array.from(data))).toBeCloseTo(0, 1);
    expect(average(Array.from(data, (u) => u * u))).toBeCloseTo(1 / 3, 1);
    expect(data.every((u) => u >= -1 && u < 1)).toBe(true);
    expect(patternFill('1', 'x', [5]).data).toEqual(data.subarray(0, 5));
    expect(patternFill('2', 'x', [5]).data).not.toEqual(data.subarray(0, 5));
    expect(patternFill('1', 'y', [5]).data).not.toEqual(data.subarray(0, 5));
  });

  it.each([
    ['conv1.weight', [4, 6, 1, 1], -1],
    ['fc.weight', [2, 6], -1],
    ['bn1.weight', [4], 0.75],
    ['bn1.bias', [4], -0.1],
    ['bn1.running_mean', [4], -0.1],
    ['bn1.running_var', [4], 0.75],
  ])('fills %s %j by its rule', (name, shape, atMinusOne) => {
    expect(parameterRule(name, shape)(-1)).toBeCloseTo(atMinusOne, 12);
  });

  it.each([
    ['student.logits', -4],
    ['student.embedding', -0.7],
    ['student.embedding.same', -0.8],
    ['teacher.embedding', 1],
    ['teacher.map', -1],
  ])('fills %s by its rule', (name, atMinusOne) => {
    expect(lossInputRule(name)(-1)).toBeCloseTo(atMinusOne, 12);
  });
});
