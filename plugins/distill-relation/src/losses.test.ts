import type { SampleInput, Tensor } from '@limbeck/graph';
import { checkGradients, differentiate } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import {
  companionDivergence,
  correlationDistance,
  relationalDistances,
  similarityDistance,
} from './index.js';

const batch = 4;
type Rows = number[][];

const rowsOf = (data: Float64Array, count = batch): Rows =>
  Array.from({ length: count }, (_, i) => [
    ...data.subarray((i * data.length) / count, ((i + 1) * data.length) / count),
  ]);
const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const norm = (v: number[]) => Math.sqrt(dot(v, v));
const minus = (a: number[], b: number[]) => a.map((x, i) => x - b[i]!);

function similarity(student: Rows, teacher: Rows): number {
  const gram = (rows: Rows) =>
    rows.map((a) => {
      const products = rows.map((b) => dot(a, b));
      return products.map((x) => x / norm(products));
    });
  const [s, t] = [gram(student), gram(teacher)];
  return average(s.flatMap((row, i) => row.map((x, j) => (x - t[i]![j]!) ** 2)));
}

function correlation(student: Rows, teacher: Rows): number {
  const distances = student.map((row, i) => minus(row, teacher[i]!).map(Math.abs));
  return average(distances.slice(1).map((row, i) => dot(row, distances[i]!)));
}

const smoothL1 = (x: number) => (Math.abs(x) < 1 ? 0.5 * x * x : Math.abs(x) - 0.5);

function distances(student: Rows, teacher: Rows): number {
  const normalised = (rows: Rows) => {
    const all = rows.map((a) => rows.map((b) => norm(minus(a, b))));
    const mean = average(all.flatMap((row, i) => row.filter((_, j) => i !== j)));
    return all.flat().map((x) => x / mean);
  };
  const [s, t] = [normalised(student), normalised(teacher)];
  return average(s.map((x, i) => smoothL1(x - t[i]!)));
}

function angles(student: Rows, teacher: Rows): number {
  const cosines = (rows: Rows) =>
    rows.flatMap((at, i) =>
      rows.flatMap((a, j) =>
        rows.map((b, k) => {
          if (i === j || i === k) return 0;
          const [left, right] = [minus(a, at), minus(b, at)];
          return dot(left, right) / norm(left) / norm(right);
        }),
      ),
    );
  const [s, t] = [cosines(student), cosines(teacher)];
  return average(s.map((x, i) => smoothL1(x - t[i]!)));
}

function companions(student: Rows, teacher: Rows): number {
  const chances = (rows: Rows) =>
    rows.map((a) => {
      const affinity = rows.map((b) => (dot(a, b) / norm(a) / norm(b) + 1) / 2);
      const total = affinity.reduce((x, y) => x + y);
      return affinity.map((x) => x / total);
    });
  const [q, p] = [chances(student), chances(teacher)];
  return average(p.flatMap((row, i) => row.map((x, j) => x * Math.log((x + 1e-7) / (q[i]![j]! + 1e-7)))));
}

const embedding = (width: number, from = -1): SampleInput => ({ shape: [batch, width], from });
const map: SampleInput = { shape: [batch, 2, 3, 3], from: -0.5 };
const relational = (of: 'distance' | 'angle') => (s: Tensor, t: Tensor) => relationalDistances(s, t)[of];

describe.each([
  ['similarity of embeddings', similarityDistance, similarity, [embedding(3), embedding(5, 0)]],
  ['similarity of maps', similarityDistance, similarity, [map, embedding(5, 0)]],
  ['correlation', correlationDistance, correlation, [embedding(5), embedding(5, 0)]],
  ['distances', relational('distance'), distances, [embedding(3), embedding(5, 0)]],
  ['angles', relational('angle'), angles, [embedding(3), embedding(5, 0)]],
  ['companions', companionDivergence, companions, [embedding(3), embedding(5, 0)]],
] as const)('%s', (name, loss, expected, inputs) => {
  test('are what plain loops say', () => {
    const { value, inputs: filled } = differentiate(loss, inputs);
    expect(value).toBeCloseTo(expected(rowsOf(filled[0]!), rowsOf(filled[1]!)), 9);
  });

  test('have the right gradient', () => {
    expect(checkGradients(loss, inputs).length).toBe(2);
  });

  test('cost nothing where student and teacher are one, and pull nowhere', () => {
    const { value, gradients } = differentiate((x) => loss(x, x), [embedding(5)]);
    expect(value).toBeCloseTo(0, 9);
    expect([...gradients[0]!]).toEqual([...gradients[0]!].map(() => expect.closeTo(0, 6)));
  });

  const row = [0.5, -1, 2, 0, 3];
  const rows = (values: number[]): SampleInput => ({ shape: [values.length / 5, 5], values });
  const varied = embedding(5, 0);
  const repeated = (values: number[]) => rows(Array.from({ length: batch }, () => values).flat());
  test.each<[string, SampleInput, SampleInput]>([
    ['a student with equal features', repeated(row), varied],
    ['a teacher with equal features', varied, repeated(row)],
    ['two equal students', rows([...row, ...row, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1]), varied],
    ['a student of zeros', repeated([0, 0, 0, 0, 0]), varied],
    ['a teacher of zeros', varied, repeated([0, 0, 0, 0, 0])],
    ['zeros on both sides', repeated([0, 0, 0, 0, 0]), repeated([0, 0, 0, 0, 0])],
    ['one student of zeros', rows([...row, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1]), varied],
    ['huge features', { ...varied, from: -1e4, to: 1e4 }, { ...varied, to: 1e4 }],
    ['a batch of one', rows(row), rows([1, 2, 3, 4, 5])],
  ])('%s gives finite numbers in single precision', (_, student, teacher) => {
    const { value, gradients } = differentiate(loss, [student, teacher], { precision: 'float32' });
    const sizes = [...gradients[0]!].map(Math.abs);
    expect([value, ...sizes].every(Number.isFinite), name).toBe(true);
    // equal features must not throw a student out of the window, either
    expect(Math.max(...sizes)).toBeLessThan(1e4);
  });
});
