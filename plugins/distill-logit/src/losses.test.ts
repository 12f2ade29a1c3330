import { mean, mul, type SampleInput, type Tensor } from '@limbeck/graph';
import { checkGradients, differentiate } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import {
  binaryCrossEntropy,
  decorrelations,
  klDivergence,
  normalizedKd,
  standardized,
  transformedMatching,
  wassersteinKd,
} from './index.js';

const [batch, classes] = [3, 5];
const targets = [4, 0, 2];
const labels: SampleInput = { shape: [batch], dtype: 'int32', values: targets };
const logits: SampleInput = { shape: [batch, classes], from: -4, to: 4 };
const distances: SampleInput = { shape: [classes, classes], from: 0, to: 0.9 };

type Rows = number[][];
const rowsOf = (data: Float64Array): Rows => {
  const width = classes;
  return Array.from({ length: data.length / width }, (_, i) => [
    ...data.subarray(i * width, (i + 1) * width),
  ]);
};
const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const softmax = (row: number[], temperature = 1) => {
  const e = row.map((x) => Math.exp(x / temperature));
  return e.map((x) => x / total(e));
};
const kl = (p: number[], q: number[]) => total(p.map((x, i) => x * Math.log(x / q[i]!)));
const without = (row: number[], index: number) => row.filter((_, i) => i !== index);

function zScore(row: number[]): number[] {
  const mean = average(row);
  const deviation = Math.sqrt(total(row.map((x) => (x - mean) ** 2)) / (row.length - 1));
  return row.map((x) => (x - mean) / (deviation + 1e-7));
}

function pearson(a: number[], b: number[]): number {
  const [x, y] = [a, b].map((v) => v.map((value) => value - average(v))) as [number[], number[]];
  const dot = (u: number[], v: number[]) => total(u.map((value, i) => value * v[i]!));
  return dot(x, y) / (Math.sqrt(dot(x, x)) * Math.sqrt(dot(y, y)) + 1e-8);
}

const columns = (rows: Rows) => rows[0]!.map((_, c) => rows.map((row) => row[c]!));
const decorrelation = (a: Rows, b: Rows) => 1 - average(a.map((row, i) => pearson(row, b[i]!)));
const softened = (rows: Rows) => rows.map((row) => softmax(row, 4));

const targetTerm = (student: Rows, teacher: Rows) =>
  -average(student.map((s, i) => softmax(teacher[i]!)[targets[i]!]! * Math.log(softmax(s)[targets[i]!]!)));

const othersTerm = (student: Rows, teacher: Rows) =>
  -9 *
  average(
    student.map((s, i) => {
      const [q, p] = [s, teacher[i]!].map((row) => softmax(without(row, targets[i]!), 3)) as Rows;
      return total(p!.map((x, k) => x * Math.log(q![k]!)));
    }),
  );

/** Sinkhorn as in textbooks, the target class cut out of distributions and costs. */
function transportTerm(student: Rows, teacher: Rows, costs: Rows): number {
  const one = (s: number[], t: number[], target: number) => {
    const [a, b] = [s, t].map((row) => softmax(without(row, target), 8)) as [number[], number[]];
    const c = without(costs as never, target).map((row) => without(row as never, target)) as Rows;
    const k = c.map((row) => row.map((x) => Math.exp(-x / 0.05)));
    let u = a.map(() => 1 / a.length);
    let v = b;
    for (let round = 0; round < 10; round++) {
      v = b.map((x, j) => x / total(u.map((y, i) => y * k[i]![j]!)));
      u = a.map((x, i) => x / total(v.map((y, j) => y * k[i]![j]!)));
    }
    return total(u.flatMap((x, i) => v.map((y, j) => x * k[i]![j]! * y * c[i]![j]!)));
  };
  return average(student.map((s, i) => one(s, teacher[i]!, targets[i]!)));
}

const raised = (row: number[]) => softmax(row).map((p) => p ** 0.3);
const transformed = (student: Rows, teacher: Rows, weigh: (power: number) => number) =>
  average(
    student.map((s, i) => {
      const power = total(raised(teacher[i]!));
      return (
        weigh(power) *
        kl(
          raised(teacher[i]!).map((p) => p / power),
          softmax(s),
        )
      );
    }),
  );

const binary = (student: Rows) =>
  average(
    student.flatMap((row, i) =>
      row.map((z, c) => {
        const y = (c === targets[i] ? 0.9 : 0) + 0.1 / classes;
        const p = 1 / (1 + Math.exp(-z));
        return -y * Math.log(p) - (1 - y) * Math.log(1 - p);
      }),
    ),
  );

const dist = { temperature: 4, epsilon: 1e-8 };
const sinkhorn = { regularization: 0.05, iterations: 10, temperature: 8 };
type Inputs = [student: Tensor, teacher: Tensor, labels: Tensor, costs: Tensor];
const losses: [string, (...inputs: Inputs) => Tensor, (s: Rows, t: Rows, costs: Rows) => number][] = [
  [
    'standardised KD',
    (s, t) => klDivergence(standardized(s), standardized(t), 2),
    (s, t) => 4 * average(s.map((row, i) => kl(softmax(zScore(t[i]!), 2), softmax(zScore(row), 2)))),
  ],
  ['NKD, target', (s, t, y) => normalizedKd(s, t, y, 3).target, targetTerm],
  ['NKD, others', (s, t, y) => normalizedKd(s, t, y, 3).nonTarget, othersTerm],
  [
    'DIST, inter',
    (s, t) => decorrelations(s, t, dist).inter,
    (s, t) => 16 * decorrelation(softened(s), softened(t)),
  ],
  [
    'DIST, intra',
    (s, t) => decorrelations(s, t, dist).intra,
    (s, t) => 16 * decorrelation(columns(softened(s)), columns(softened(t))),
  ],
  ['TTM', (s, t) => mean(transformedMatching(s, t, 0.3).divergence), (s, t) => transformed(s, t, () => 1)],
  [
    'WTTM',
    (s, t) => {
      const { divergence, power } = transformedMatching(s, t, 0.3);
      return mean(mul(power, divergence));
    },
    (s, t) => transformed(s, t, (power) => power),
  ],
  ['WKD-L, target', (s, t, y, c) => wassersteinKd(s, t, y, c, sinkhorn).target, targetTerm],
  ['WKD-L, transport', (s, t, y, c) => wassersteinKd(s, t, y, c, sinkhorn).transport, transportTerm],
  ['binary cross-entropy', (s, _, y) => binaryCrossEntropy(s, y, 0.1), binary],
];

describe.each(losses)('%s', (name, loss, expected) => {
  const inputs = [logits, logits, labels, distances];

  test('is what plain loops say', () => {
    const { value, inputs: filled } = differentiate(loss as never, inputs);
    const [student, teacher, , costs] = filled.map(rowsOf);
    expect(value).toBeCloseTo(expected(student!, teacher!, costs!), 9);
  });

  test('its gradient is right', () => {
    expect(checkGradients(loss as never, inputs).length).toBe(3);
  });

  const row = (values: number[]): SampleInput => ({ shape: [values.length / classes, classes], values });
  test.each([
    ['huge logits', [1e4, -1e4, 0, 1e4, -1e4], [-1e4, 1e4, 1e4, 0, 5]],
    ['a certain student', [5e3, 0, 0, 0, 0], [1, 2, 3, 4, 5]],
    ['a certain teacher', [1, 2, 3, 4, 5], [0, 0, 5e3, 0, 0]],
    ['equal logits', [2, 2, 2, 2, 2], [2, 2, 2, 2, 2]],
    ['equal images', [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 5, 4, 3, 2, 1]],
  ])('%s give finite numbers in single precision', (_, student, teacher) => {
    for (const label of [0, 2, 4]) {
      const count = student.length / classes;
      const of: SampleInput = { shape: [count], dtype: 'int32', values: Array(count).fill(label) };
      const { value, gradients } = differentiate(loss as never, [row(student), row(teacher), of, distances], {
        precision: 'float32',
      });
      const sizes = [...gradients[0]!].map(Math.abs);
      expect([value, ...sizes].every(Number.isFinite), name).toBe(true);
      expect(Math.max(...sizes)).toBeLessThan(1e4);
    }
  });
});

test('a student that agrees loses nothing more', () => {
  const costs: SampleInput = { shape: [2, 2], values: [0, 1, 1, 0] };
  const same = (loss: (x: Tensor, costs: Tensor) => Tensor) =>
    differentiate(loss, [{ shape: [2, 2], values: [1, 2, 3, -1] }, costs]);
  for (const loss of [
    (x: Tensor) => decorrelations(x, x, dist).inter,
    (x: Tensor) => decorrelations(x, x, dist).intra,
    (x: Tensor) => mean(transformedMatching(x, x, 1).divergence),
  ]) {
    const { value, gradients } = same(loss);
    expect([value, ...gradients[0]!].every((x) => Math.abs(x) < 1e-4)).toBe(true);
  }
});

describe('DIST where hardly anything varies', () => {
  // columns of probabilities next to 0 are shorter than the root of what is added to the product of lengths
  const large: SampleInput = { shape: [batch, classes], from: -12, to: 12 };
  const plain = { temperature: 1, epsilon: 1e-8 };
  const intra = (s: Tensor, t: Tensor) => decorrelations(s, t, plain).intra;
  const formula = (s: Rows, t: Rows) =>
    decorrelation(columns(s.map((row) => softmax(row))), columns(t.map((row) => softmax(row))));

  test('is as released, value and gradient', () => {
    const { value, gradients, inputs } = differentiate(intra, [large, large]);
    const [student, teacher] = inputs.map(rowsOf) as [Rows, Rows];
    expect(value).toBeCloseTo(formula(student, teacher), 9);
    const step = 1e-5;
    const slopes = student.flatMap((row, i) =>
      row.map((_, j) => {
        const moved = (by: number) =>
          formula(
            student.map((other, k) => other.map((x, c) => (k === i && c === j ? x + by : x))),
            teacher,
          );
        return (moved(step) - moved(-step)) / (2 * step);
      }),
    );
    expect([...gradients[0]!]).toEqual(slopes.map((slope) => expect.closeTo(slope, 6)));
    // a cut-off at 1e-8 would make something else of it
    expect(Math.max(...slopes.map(Math.abs))).toBeGreaterThan(1e-3);
  });
});

test('the power sum is 1 for a certain teacher and largest for one that knows nothing', () => {
  const power = (values: number[]) =>
    differentiate((t) => mean(transformedMatching(t, t, 0.25).power), [{ shape: [1, 4], values }]).value;
  expect(power([50, 0, 0, 0])).toBeCloseTo(1, 4);
  expect(power([1, 1, 1, 1])).toBeCloseTo(4 ** 0.75, 9);
});

test('near classes are cheap to confuse, far ones are not', () => {
  const transport = (student: number[]) =>
    differentiate(
      (s, t, y, costs) => wassersteinKd(s, t, y, costs, { ...sinkhorn, temperature: 1 }).transport,
      [
        { shape: [1, 4], values: student },
        { shape: [1, 4], values: [0, 9, 0, 0] },
        { shape: [1], dtype: 'int32', values: [0] },
        { shape: [4, 4], values: [0, 1, 1, 1, 1, 0, 0.1, 1, 1, 0.1, 0, 1, 1, 1, 1, 0] },
      ],
    ).value;
  expect(transport([0, 9, 0, 0])).toBeLessThan(0.01);
  expect(transport([0, 0, 9, 0])).toBeCloseTo(0.1, 2);
  expect(transport([0, 0, 0, 9])).toBeCloseTo(1, 2);
});
