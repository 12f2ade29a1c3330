import { createHost } from '@limbeck/core/host';
import type { SampleInput, Tensor } from '@limbeck/graph';
import { buildDistiller, checkGradients, differentiate } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { decoupledKd } from './dkd.js';
import plugin, { klDivergence } from './index.js';

const [batch, classes, temperature] = [3, 5, 4];
const labels: SampleInput = { shape: [batch], dtype: 'int32', values: [4, 0, 2] };
const logits: SampleInput = { shape: [batch, classes], from: -4, to: 4 };

const softmax = (row: number[]) => {
  const e = row.map((x) => Math.exp(x / temperature));
  const total = e.reduce((a, b) => a + b);
  return e.map((x) => x / total);
};
const kl = (p: number[], q: number[]) => p.reduce((sum, x, i) => sum + x * Math.log(x / q[i]!), 0);
const rowsOf = (data: Float64Array) =>
  Array.from({ length: batch }, (_, i) => [...data.subarray(i * classes, (i + 1) * classes)]);

/** Both parts from probabilities, row by row. */
function expected(student: number[][], teacher: number[][], targets: number[]) {
  let [target, nonTarget] = [0, 0];
  for (const [i, label] of targets.entries()) {
    const [q, p] = [softmax(student[i]!), softmax(teacher[i]!)];
    const binary = (x: number[]) => [x[label]!, 1 - x[label]!];
    const others = (x: number[]) => x.filter((_, k) => k !== label).map((value) => value / (1 - x[label]!));
    target += kl(binary(p), binary(q));
    nonTarget += kl(others(p), others(q));
  }
  const scale = temperature ** 2 / batch;
  return { target: scale * target, nonTarget: scale * nonTarget };
}

const part = (of: 'target' | 'nonTarget') => (s: Tensor, t: Tensor, y: Tensor) =>
  decoupledKd(s, t, y, temperature)[of];

describe.each(['target', 'nonTarget'] as const)('%s', (of) => {
  test('is the divergence of probabilities', () => {
    const { value, inputs } = differentiate(part(of), [logits, logits, labels]);
    const [student, teacher] = inputs.map(rowsOf);
    expect(value).toBeCloseTo(expected(student!, teacher!, [4, 0, 2])[of], 9);
  });

  test('its gradient is right', () => {
    expect(checkGradients(part(of), [logits, logits, labels]).length).toBe(2);
  });

  test.each([
    ['huge logits', [1e4, -1e4, 0, 1e4, -1e4], [-1e4, 1e4, 1e4, 0, 5]],
    ['equal logits', [2, 2, 2, 2, 2], [2, 2, 2, 2, 2]],
    ['a teacher that is certain', [1, 2, 3, 4, 5], [0, 0, 0, 0, 5e3]],
  ])('%s stay finite in single precision', (_, student, teacher) => {
    const row = (values: number[]): SampleInput => ({ shape: [1, 5], values });
    for (const label of [0, 4]) {
      const { value, gradients } = differentiate(
        part(of),
        [row(student), row(teacher), { shape: [1], dtype: 'int32', values: [label] }],
        { precision: 'float32' },
      );
      expect([value, ...gradients[0]!].every(Number.isFinite)).toBe(true);
    }
  });
});

test('both parts, the second by what the teacher leaves to others, are KD again', () => {
  const { value, inputs } = differentiate(
    (s, t) => klDivergence(s, t, temperature),
    [
      { ...logits, shape: [1, classes] },
      { ...logits, shape: [1, classes] },
    ],
  );
  const one = (of: 'target' | 'nonTarget') =>
    differentiate(part(of), [
      ...inputs.map((values) => ({ shape: [1, classes], values: [...values] })),
      { shape: [1], dtype: 'int32', values: [1] },
    ]).value;
  expect(value).toBeCloseTo(one('target') + (1 - softmax([...inputs[1]!])[1]!) * one('nonTarget'), 9);
});

test('weights are options, and one class is refused', async () => {
  const host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
  const build = (count: number) => {
    const shapes = { logits: [batch, count] };
    return buildDistiller(host, { use: 'dkd', beta: 2 }, { student: shapes, teacher: shapes });
  };
  const terms = Object.entries(build(classes).losses).map(([name, { weight }]) => [name, weight]);
  expect(terms).toEqual([
    ['tckd', 1],
    ['nckd', 2],
  ]);
  expect(() => build(1)).toThrow(/two classes/);
  await host.dispose();
});
