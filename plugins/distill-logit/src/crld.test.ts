import { createHost } from '@limbeck/core/host';
import type { SampleInput, Tensor } from '@limbeck/graph';
import { buildDistiller, checkGradients, differentiate, patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import plugin, { crossViewDivergences } from './index.js';

const [batch, classes] = [6, 5];
const options = { temperature: 4, thresholds: { weak: 0.8, strong: 0.7 } };
const term =
  (name: 'within' | 'across') =>
  (...[studentWeak, studentStrong, teacherWeak, teacherStrong]: Tensor[]): Tensor =>
    crossViewDivergences(
      { weak: studentWeak!, strong: studentStrong! },
      { weak: teacherWeak!, strong: teacherStrong! },
      options,
    )[name];
const inputs = ['student.weak', 'student.strong', 'teacher.weak', 'teacher.strong'].map(
  (name): SampleInput => ({
    shape: [batch, classes],
    values: [...patternFill('1', name, [batch, classes], (u) => 4 * u).data],
  }),
);

const total = (values: number[]) => values.reduce((a, b) => a + b);
const softmax = (row: number[], temperature: number) => {
  const e = row.map((x) => Math.exp(x / temperature));
  return e.map((x) => x / total(e));
};
const divergence = (student: number[], teacher: number[]) => {
  const [q, p] = [softmax(student, 4), softmax(teacher, 4)];
  return 16 * total(p.map((x, i) => x * Math.log(x / q[i]!)));
};

/** The loss image by image. */
function expected(name: 'within' | 'across', data: readonly Float64Array[]): number {
  const row = (input: number, n: number) => [...data[input]!.subarray(n * classes, (n + 1) * classes)];
  const images = Array.from({ length: batch }, (_, n) => {
    const [sw, ss, tw, ts] = [0, 1, 2, 3].map((i) => row(i, n)) as [number[], number[], number[], number[]];
    if (name === 'within') {
      return Math.max(...softmax(tw, 1)) >= 0.8 ? divergence(sw, tw) + divergence(ss, ts) : 0;
    }
    return Math.max(...softmax(ts, 1)) >= 0.7 ? divergence(ss, tw) + divergence(sw, ts) : 0;
  });
  return total(images) / batch;
}

// values and norms of gradients of the published formula, by PyTorch in float64
describe.each([
  ['within', 2.6480339170040526, [0.3504629047099614, 0.20201791271880545]],
  ['across', 1.9044044464742396, [0.0898983882413663, 0.32533253825164743]],
] as const)('divergences %s views', (name, published, norms) => {
  test('are what plain loops and PyTorch say', () => {
    const { value, gradients, inputs: filled } = differentiate(term(name), inputs);
    expect(value).toBeCloseTo(expected(name, filled), 9);
    expect(value).toBeCloseTo(published, 6);
    const found = gradients.slice(0, 2).map((gradient) => Math.hypot(...gradient));
    expect(found).toEqual(norms.map((x) => expect.closeTo(x, 6)));
  });

  test('have the right gradient', () => {
    expect(checkGradients(term(name), inputs).length).toBe(4);
  });

  test('an image the teacher is unsure about counts for nothing', () => {
    const even: SampleInput = { shape: [1, 4], values: [1, 1, 1, 1] };
    const { value, gradients } = differentiate(term(name), [
      { shape: [1, 4], values: [3, 0, 1, 2] },
      { shape: [1, 4], values: [1, 2, 3, 4] },
      even,
      even,
    ]);
    expect([value, ...gradients.flatMap((gradient) => [...gradient])].every((x) => x === 0)).toBe(true);
  });
});

test('crld looks at a strong view and has the published terms and weights', async () => {
  const host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
  const model = { logits: [batch, classes] };
  const built = buildDistiller(host, 'crld', { student: model, teacher: model });
  const weights = Object.entries(built.losses).map(([name, { weight, value }]) => [
    name,
    weight,
    value.shape,
  ]);
  expect(weights).toEqual([
    ['strong-ce', 1, []],
    ['within-views', 2, []],
    ['across-views', 0.5, []],
  ]);
  expect(built.taskWeight).toBe(1);
  expect([...built.views].map(([name, { augment }]) => [name, augment])).toEqual([
    [
      'strong',
      [
        { use: 'rand-augment', count: 2, list: 'fixmatch' },
        { use: 'cutout', size: 0.5, drawn: true, fill: [125, 123, 114] },
      ],
    ],
  ]);
  const mirrored = { use: 'crld', augment: ['flip'] };
  const { views } = buildDistiller(host, mirrored, { student: model, teacher: model });
  expect(views.get('strong')!.augment).toEqual(['flip']);
  await host.dispose();
});
