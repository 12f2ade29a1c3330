import {
  evaluate,
  Graph,
  program,
  type ReferenceValue,
  reshape,
  type SampleInput,
  type Tensor,
} from '@limbeck/graph';
import { Scope, Trace } from '@limbeck/nn';
import { boundScope, checkGradients, differentiate, type Planes, planesOf } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import {
  calibratedDistance,
  channelCorrelationDistance,
  contextLoss,
  gaussianDistances,
  marginsPreparation,
  negativeMeans,
  normalMargin,
  partialDistance,
  resizeNearest,
} from './index.js';

const [batch, channels] = [2, 3];

const mapsOf = (data: Float64Array): Planes => planesOf(data, { batch, channels });
const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const dot = (a: number[], b: number[]) => total(a.map((x, i) => x * b[i]!));
const unit = (v: number[]) => v.map((x) => x / Math.sqrt(dot(v, v)));
const pairs = (a: Planes, b: Planes) =>
  a.flatMap((image, n) => image.map((plane, c) => [plane, b[n]![c]!] as const));

/** Square windows of a plane of 4 x 4, each a list. */
const windows = (plane: number[], side: number) => {
  const size = 4 / side;
  return Array.from({ length: side * side }, (_, k) =>
    plane.filter((__, i) => {
      const [row, column] = [Math.floor(i / 4 / size), Math.floor((i % 4) / size)];
      return row === Math.floor(k / side) && column === k % side;
    }),
  );
};

function correlation(student: Planes, teacher: Planes): number {
  const matrix = (image: number[][]) => image.map((a) => unit(image.map((b) => dot(a, b))));
  const squares = student.flatMap((image, n) => {
    const [s, t] = [matrix(image), matrix(teacher[n]!)];
    return s.flatMap((row, i) => row.map((x, j) => (x - t[i]![j]!) ** 2));
  });
  return total(squares) / (channels * batch);
}

const deviation = (values: number[]) => {
  const mean = average(values);
  return Math.sqrt(total(values.map((x) => (x - mean) ** 2)) / (values.length - 1) + 1e-5);
};
const gaussian = (side: number, of: (values: number[]) => number) => (student: Planes, teacher: Planes) =>
  total(
    pairs(student, teacher).flatMap(([s, t]) =>
      windows(s, side).map((window, k) => (of(window) - of(windows(t, side)[k]!)) ** 2),
    ),
  ) /
  (side * side * batch);

function context(student: Planes, teacher: Planes): number {
  const level = (side: number) =>
    average(
      pairs(student, teacher).flatMap(([s, t]) =>
        windows(s, side).map((window, k) => (average(window) - average(windows(t, side)[k]!)) ** 2),
      ),
    );
  return (level(4) + level(2) / 2 + level(1) / 4) / (1 + 1 / 2 + 1 / 4);
}

const margins = [-0.3, -0.1, -0.5];
function partial(student: Planes, teacher: Planes): number {
  const losses = student.flatMap((image, n) =>
    image.flatMap((plane, c) =>
      plane.map((s, i) => {
        const [t, margin] = [teacher[n]![c]![i]!, margins[c]!];
        if (t > 0) return (s - t) ** 2;
        if (t > margin) return s > t ? (s - t) ** 2 : 0;
        return s > margin ? (s - margin) ** 2 : 0;
      }),
    ),
  );
  return total(losses) / batch;
}

const map: SampleInput = { shape: [batch, channels, 4, 4] };
const marginOf = (x: Tensor) =>
  reshape(x.graph.constant({ dtype: 'float32', shape: [channels], data: Float32Array.from(margins) }), [
    channels,
    1,
    1,
  ]);
const gaussianPart = (of: 'means' | 'deviations', grid: number) => (s: Tensor, t: Tensor) =>
  gaussianDistances(s, t, { grid, epsilon: 1e-5 })[of];

describe.each([
  ['correlations of channels', channelCorrelationDistance, correlation],
  ['means', gaussianPart('means', 1), gaussian(1, average)],
  ['deviations', gaussianPart('deviations', 1), gaussian(1, deviation)],
  ['means of windows', gaussianPart('means', 2), gaussian(2, average)],
  ['deviations of windows', gaussianPart('deviations', 2), gaussian(2, deviation)],
  ['hierarchical context', contextLoss, context],
  ['partial distance', (s: Tensor, t: Tensor) => partialDistance(s, t, marginOf(s)), partial],
] as const)('%s', (_, loss, expected) => {
  test('are what plain loops say', () => {
    const { value, inputs } = differentiate(loss, [map, map]);
    expect(value).toBeCloseTo(expected(mapsOf(inputs[0]!), mapsOf(inputs[1]!)), 6);
  });

  test('have the right gradient', () => {
    expect(checkGradients(loss, [map, map]).length).toBe(2);
  });
});

test('a map of one position has no deviation', () => {
  const { value, gradients } = differentiate(gaussianPart('deviations', 1), [
    { shape: [1, 2, 1, 1], values: [1, 2] },
    { shape: [1, 2, 1, 1], values: [3, 4] },
  ]);
  expect([value, ...gradients[0]!]).toEqual([0, 0, 0]);
});

describe('nearest positions', () => {
  const resized = (from: number[], to: [number, number]) => {
    const graph = new Graph();
    const y = resizeNearest(graph.input('x', [1, 1, from[0]!, from[1]!]), to);
    const data = Float64Array.from({ length: from[0]! * from[1]! }, (_, i) => i);
    const feed: ReferenceValue = { shape: [1, 1, ...from], dtype: 'float32', data };
    return [
      ...evaluate(program({ name: 'r', outputs: { y } }), new Map([['x', feed]])).outputs.get('y')!.data,
    ];
  };

  test.each([
    [
      [2, 2],
      [4, 4],
    ],
    [
      [4, 4],
      [2, 2],
    ],
    [
      [3, 2],
      [5, 7],
    ],
    [
      [1, 1],
      [3, 2],
    ],
  ] as [number[], [number, number]][])('%j to %j', (from, to) => {
    const expected = Array.from({ length: to[0] * to[1] }, (_, i) => {
      const [row, column] = [Math.floor(i / to[1]), i % to[1]];
      return Math.floor((row * from[0]!) / to[0]) * from[1]! + Math.floor((column * from[1]!) / to[1]);
    });
    expect(resized(from, to)).toEqual(expected);
    expect(checkGradients((x) => resizeNearest(x, to), [{ shape: [1, 2, from[0]!, from[1]!] }]).length).toBe(
      1,
    );
  });
});

test('margins are the means of all negative responses so far', () => {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: '', mode: 'train' });
  const y = negativeMeans(new Scope(trace), graph.input('x', [1, 2, 1, 3]));
  const target = program({ name: 'margins', outputs: { y }, updates: trace.updates });
  const zero = (): ReferenceValue => ({ shape: [2], dtype: 'float32', data: new Float64Array(2) });
  let state: ReadonlyMap<string, ReferenceValue> = new Map([
    ['margins', zero()],
    ['seen', zero()],
  ]);
  const seen = [-1, 2, -3, 4, 5, 6, -2, 1, 1, 7, -8, 9];
  const found: number[][] = [];
  for (const start of [0, 6]) {
    const data = Float64Array.from(seen.slice(start, start + 6));
    const result = evaluate(target, new Map([['x', { shape: [1, 2, 1, 3], dtype: 'float32', data }]]), state);
    state = result.state;
    found.push([...result.outputs.get('y')!.data]);
  }
  expect(found).toEqual([
    [-2, 0],
    [-2, -8],
  ]);
});

test('the gradients of calibrated attention are right, those of queries and keys too', () => {
  const linear = (kind: string) => [
    [`${kind}.0.linear1.weight`, [4, 8]],
    [`${kind}.0.linear1.bias`, [4]],
    [`${kind}.0.linear2.weight`, [2, 4]],
    [`${kind}.0.linear2.bias`, [2]],
  ];
  const norm = (name: string) => [
    [`${name}.weight`, [4]],
    [`${name}.bias`, [4]],
    [`${name}.running_mean`, [4]],
    [`${name}.running_var`, [4]],
  ];
  const regressor = (to: number) => [
    [`regressor.0.${to}.conv1.weight`, [4, 2, 1, 1]],
    ...norm(`regressor.0.${to}.bn1`),
    [`regressor.0.${to}.conv2.weight`, [4, 4, 3, 3]],
    ...norm(`regressor.0.${to}.bn2`),
    [`regressor.0.${to}.conv3.weight`, [2, 4, 1, 1]],
  ];
  const key = linear('key').map(([name, shape]) => [String(name).replace('.0.', '.1.'), shape]);
  const variables = Object.fromEntries([
    ...linear('query'),
    ...linear('key'),
    ...key,
    ...regressor(0),
    ...regressor(1),
  ]) as Record<string, readonly number[]>;
  const names = Object.keys(variables);
  const loss = (student: Tensor, first: Tensor, second: Tensor, ...tensors: Tensor[]) => {
    const m = boundScope(student.graph, Object.fromEntries(names.map((name, i) => [name, tensors[i]!])));
    return calibratedDistance(m, [student], [first, second], 0.5);
  };
  const reports = checkGradients(
    loss,
    [
      { shape: [8, 2, 2, 2] },
      { shape: [8, 2, 2, 2], differentiable: false },
      { shape: [8, 2, 4, 4], differentiable: false },
      ...names.map((name) => ({
        shape: variables[name]!,
        differentiable: /query|conv3/.test(name),
      })),
    ],
    { tolerance: 1e-5 },
  );
  expect(reports.length).toBe(7);
});

describe('windows that overlap', () => {
  // 5 x 7 into 4 x 4, as adaptive pooling cuts it
  const [height, width, grid] = [5, 7, 4];
  const wide: SampleInput = { shape: [batch, channels, height, width] };
  const cut = (plane: number[]) =>
    Array.from({ length: grid * grid }, (_, k) => {
      const inside = (at: number, size: number, i: number) =>
        at >= Math.floor((i * size) / grid) && at < Math.ceil(((i + 1) * size) / grid);
      return plane.filter(
        (__, i) =>
          inside(Math.floor(i / width), height, Math.floor(k / grid)) && inside(i % width, width, k % grid),
      );
    });

  test.each([
    ['means', average],
    ['deviations', deviation],
  ] as const)('%s are what plain loops say, and their gradient is right', (of, plain) => {
    const loss = (s: Tensor, t: Tensor) => gaussianDistances(s, t, { grid, epsilon: 1e-5 })[of];
    const { value, inputs } = differentiate(loss, [wide, wide]);
    const [student, teacher] = inputs.map(mapsOf) as [Planes, Planes];
    const squares = pairs(student, teacher).flatMap(([s, t]) =>
      cut(s).map((window, k) => (plain(window) - plain(cut(t)[k]!)) ** 2),
    );
    expect(value).toBeCloseTo(total(squares) / (grid * grid * batch), 9);
    expect(checkGradients(loss, [wide, wide]).length).toBe(2);
  });
});

describe('margins', () => {
  /** E[x | x < 0] of a normal distribution by the trapezoidal rule. */
  function integrated(mean: number, deviation: number): number {
    const [steps, from] = [200_000, mean - 12 * deviation];
    let [share, first] = [0, 0];
    for (let i = 0; i <= steps; i++) {
      const x = from + ((0 - from) * i) / steps;
      const density = Math.exp(-(((x - mean) / deviation) ** 2) / 2) * (i === 0 || i === steps ? 0.5 : 1);
      share += density;
      first += density * x;
    }
    return first / share;
  }

  test.each([
    [0, 1],
    [0.7, 0.4],
    [-1.3, 0.5],
    [-6, 1],
    [1.5, 0.5],
  ])('of a normal distribution around %d, %d wide', (mean, deviation) => {
    expect(normalMargin(mean, deviation)).toBeCloseTo(integrated(mean, deviation), 6);
  });

  test('are three deviations where hardly anything is negative, as released', () => {
    expect(normalMargin(3.1, 1)).toBe(-3);
    expect(normalMargin(3.08, 1)).toBeCloseTo(integrated(3.08, 1), 6);
    expect([normalMargin(-2, 0), normalMargin(2, 0)]).toEqual([-2, 0]);
  });

  test.each(['normal', 'measured'] as const)('%s come from maps that are not pooled', async (kind) => {
    const values = Float32Array.from({ length: 4 * 2 * 3 }, (_, i) => Math.sin(i * 1.7) + (i % 2) * 0.2);
    const of = (channel: number) => [...values].filter((_, i) => Math.floor(i / 3) % 2 === channel);
    const { create, tensors } = marginsPreparation([{ path: 'stage1', channels: 2, positions: 3 }], kind);
    expect(tensors).toEqual({ 0: [2] });
    const sums = create();
    sums.add({ features: { 0: values.slice(0, 18) }, targets: { kind: 'none' }, count: 3 });
    // an image and a row of padding
    const last = Float32Array.of(...values.slice(18), ...Array(6).fill(-50));
    sums.add({ features: { 0: last }, targets: { kind: 'none' }, count: 1 });
    const { 0: margins } = await sums.finish(async () => {});
    for (const channel of [0, 1]) {
      const all = of(channel);
      const mean = average(all);
      const spread = Math.sqrt(average(all.map((x) => (x - mean) ** 2)));
      const expected = kind === 'normal' ? integrated(mean, spread) : average(all.filter((x) => x < 0));
      expect(margins![channel]).toBeCloseTo(expected, 5);
    }
  });
});
