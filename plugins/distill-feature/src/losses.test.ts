import type { SampleInput, Tensor } from '@limbeck/graph';
import { boundScope, checkGradients, differentiate, type Planes, planesOf } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import {
  attentionDistance,
  convRegressor,
  hintLoss,
  neuronSelectivityDistance,
  variationalInformation,
} from './index.js';

const [batch, ours, theirs] = [2, 3, 4];
const small: SampleInput = { shape: [batch, ours, 2, 2] };
const large: SampleInput = { shape: [batch, theirs, 4, 4], from: -0.5 };

/** Planes of a tensor, pooled to 2 x 2 by plain loops where they are 4 x 4. */
const mapsOf = (data: Float64Array, channels: number): Planes =>
  planesOf(data, { batch, channels }).map((image) =>
    image.map((values) => {
      if (values.length === 4) return values;
      const at = (r: number, c: number) => values[r * 4 + c]!;
      return [0, 2].flatMap((r) =>
        [0, 2].map((c) => (at(r, c) + at(r, c + 1) + at(r + 1, c) + at(r + 1, c + 1)) / 4),
      );
    }),
  );

const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const unit = (v: number[]) => v.map((x) => x / Math.sqrt(dot(v, v)));

const meanAttention = (power: number) => (maps: Planes) =>
  maps.map((channels) =>
    unit(channels[0]!.map((_, i) => average(channels.map((plane) => Math.abs(plane[i]!) ** power)))),
  );

const expectedAttention = (power: number) => (student: Planes, teacher: Planes) => {
  const [s, t] = [student, teacher].map(meanAttention(power)) as [number[][], number[][]];
  return average(s.flatMap((row, n) => row.map((x, i) => (x - t[n]![i]!) ** 2)));
};

function expectedSelectivity(student: Planes, teacher: Planes): number {
  const kernel = (a: Planes, b: Planes) =>
    average(a.flatMap((rows, n) => rows.flatMap((x) => b[n]!.map((y) => dot(unit(x), unit(y)) ** 2))));
  return kernel(teacher, teacher) + kernel(student, student) - 2 * kernel(student, teacher);
}

describe.each([
  ['attention', (s: Tensor, t: Tensor) => attentionDistance(s, t, 2), expectedAttention(2)],
  ['attention of another power', (s: Tensor, t: Tensor) => attentionDistance(s, t, 3), expectedAttention(3)],
  ['neuron selectivity', neuronSelectivityDistance, expectedSelectivity],
] as const)('%s', (_, loss, expected) => {
  test.each([
    ['a larger teacher', small, large],
    [
      'a larger student',
      { ...large, shape: [batch, ours, 4, 4] },
      { ...small, shape: [batch, theirs, 2, 2] },
    ],
  ])('is what plain loops say, with %s', (__, student, teacher) => {
    const { value, inputs } = differentiate(loss, [student, teacher]);
    expect(value).toBeCloseTo(expected(mapsOf(inputs[0]!, ours), mapsOf(inputs[1]!, theirs)), 9);
  });

  test('its gradient is right', () => {
    expect(checkGradients(loss, [small, large]).length).toBe(2);
  });

  test('is 0 between equal maps', () => {
    const values = [1, -2, 3, 0.5, 0.25, 1, 2, -1];
    const map: SampleInput = { shape: [1, 2, 2, 2], values };
    const { value, gradients } = differentiate(loss, [map, map], { precision: 'float32' });
    expect(value).toBeCloseTo(0, 6);
    expect([...gradients[0]!]).toEqual(values.map(() => expect.closeTo(0, 6)));
  });

  test.each([
    ['all zero', 0],
    ['all equal', 1],
    ['huge', 1e4],
    ['tiny', 1e-15],
  ])('maps that are %s give finite numbers in single precision', (__, size) => {
    const map = (values: number[]): SampleInput => ({ shape: [1, 2, 2, 2], values });
    const constant = map(Array(8).fill(size));
    const varied = map([1, 0, 0, 0, 0, 2, 0, 0]);
    for (const pair of [
      [constant, varied],
      [varied, constant],
      [constant, constant],
    ]) {
      const { value, gradients } = differentiate(loss, pair, { precision: 'float32' });
      expect([value, ...gradients.flatMap((g) => [...g])].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('variational information', () => {
  const options = { variance: 5, epsilon: 1e-5 };
  const parameters: SampleInput[] = [
    { shape: [theirs, ours, 1, 1] },
    { shape: [theirs, theirs, 1, 1] },
    { shape: [theirs, theirs, 1, 1] },
    { shape: [theirs], from: -2, to: 2 },
  ];
  const loss = (s: Tensor, t: Tensor, w0: Tensor, w2: Tensor, w4: Tensor, scale: Tensor) => {
    const regressor = { 'regressor.0.weight': w0, 'regressor.2.weight': w2, 'regressor.4.weight': w4 };
    const m = boundScope(s.graph, { ...regressor, log_scale: scale });
    return variationalInformation(m, s, t, options);
  };

  test('is the Gaussian likelihood by plain loops', () => {
    const { value, inputs } = differentiate(loss, [small, large, ...parameters]);
    const [student, teacher] = [mapsOf(inputs[0]!, ours), mapsOf(inputs[1]!, theirs)];
    const weights = [2, 3, 4].map((i) => {
      const width = inputs[i]!.length / theirs;
      return Array.from({ length: theirs }, (_, o) => [...inputs[i]!.subarray(o * width, (o + 1) * width)]);
    });
    const terms: number[] = [];
    for (let n = 0; n < batch; n++) {
      for (let at = 0; at < 4; at++) {
        let x = student[n]!.map((plane) => plane[at]!);
        for (const [layer, weight] of weights.entries()) {
          x = weight.map((row) => dot(row, x));
          if (layer < 2) x = x.map((y) => Math.max(y, 0));
        }
        for (let c = 0; c < theirs; c++) {
          const variance = Math.log(1 + Math.exp(inputs[5]![c]!)) + 1e-5;
          terms.push(0.5 * ((x[c]! - teacher[n]![c]![at]!) ** 2 / variance + Math.log(variance)));
        }
      }
    }
    expect(value).toBeCloseTo(average(terms), 9);
  });

  test('its gradients are right, those of regressor and variances too', () => {
    expect(checkGradients(loss, [small, large, ...parameters]).length).toBe(6);
  });

  test('stays finite for zero maps and variances that vanish', () => {
    const zero: SampleInput = { shape: small.shape, from: 0, to: 0 };
    for (const scale of [-1e4, 1e4]) {
      const { value, gradients } = differentiate(
        loss,
        [zero, large, ...parameters.slice(0, 3), { shape: [theirs], from: scale, to: scale }],
        { precision: 'float32' },
      );
      expect([value, ...gradients.flatMap((g) => [...g])].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('hints', () => {
  test('are compared by their mean squared error', () => {
    const { value, inputs } = differentiate(hintLoss, [small, { ...small, from: 0 }]);
    expect(value).toBeCloseTo(average([...inputs[0]!].map((x, i) => (x - inputs[1]![i]!) ** 2)), 12);
  });

  const norm = {
    'bn.weight': [ours],
    'bn.bias': [ours],
    'bn.running_mean': [ours],
    'bn.running_var': [ours],
  };
  test.each([
    ['halving', [4, 4], [2, 2], [ours, ours, 3, 3]],
    ['doubling', [2, 2], [4, 4], [ours, ours, 4, 4]],
    ['trimming', [4, 4], [3, 3], [ours, ours, 2, 2]],
  ] as const)('reach the target by %s, and the gradients are right', (_, from, to, weight) => {
    const variables: Record<string, readonly number[]> = {
      'conv.weight': weight,
      'conv.bias': [ours],
      ...norm,
    };
    const names = Object.keys(variables);
    const reached = (x: Tensor, ...tensors: Tensor[]) => {
      const m = boundScope(x.graph, Object.fromEntries(names.map((name, i) => [name, tensors[i]!])));
      return convRegressor(m, x, [batch, ours, ...to]);
    };
    const inputs = names.map((name) => ({
      shape: variables[name]!,
      differentiable: !name.includes('running') && name !== 'conv.bias',
    }));
    const reports = checkGradients(
      (x, ...tensors) => {
        const y = reached(x, ...tensors);
        expect(y.shape).toEqual([batch, ours, ...to]);
        return y;
      },
      [{ shape: [batch, ours, ...from] }, ...inputs],
      { tolerance: 1e-5 },
    );
    expect(reports.length).toBe(4);
  });

  test('a transposed convolution spreads one pixel over the kernel', () => {
    // values of PyTorch's conv_transpose2d(x, w, stride=2, padding=1): rows 1 and 2 of the kernel meet the one pixel
    const kernel = Array.from({ length: 16 }, (_, i) => i + 1);
    const one = (shape: number[], values: number[]): SampleInput => ({ shape, values });
    const { gradients } = differentiate(
      (x, weight, bias, scale, shift, mean, variance) => {
        const m = boundScope(
          x.graph,
          {
            'conv.weight': weight,
            'conv.bias': bias,
            'bn.weight': scale,
            'bn.bias': shift,
            'bn.running_mean': mean,
            'bn.running_var': variance,
          },
          { mode: 'eval' },
        );
        return hintLoss(convRegressor(m, x, [1, 1, 2, 2]), x.graph.scalar(0));
      },
      [
        one([1, 1, 1, 1], [2]),
        one([1, 1, 4, 4], kernel),
        one([1], [0]),
        one([1], [1]),
        one([1], [0]),
        one([1], [0]),
        one([1], [1]),
      ],
    );
    // d mean((2 w)^2) / dx = mean of 4 w^2 over the four kernel elements in the middle: 6, 7, 10, 11
    expect(gradients[0]![0]).toBeCloseTo(average([6, 7, 10, 11].map((w) => 4 * w * w)), 1);
  });
});
