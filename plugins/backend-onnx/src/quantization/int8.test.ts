import type { Calibration, Executable, Feeds } from '@limbeck/core/backend';
import {
  add,
  bindState,
  conv2d,
  Graph,
  globalAveragePool,
  maxPool,
  minimum,
  type Program,
  program,
  relu,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { onnxBackend } from '../backend.js';

const image = [4, 3, 8, 8];

/** A stem, a maximum, a residual block and a ReLU6 block; `sum` is a map from before its activation. */
function network(): Program {
  const graph = new Graph();
  const values = new Map<string, ReturnType<typeof patternFill>>();
  const layer = (name: string, x: Tensor, inputs: number, outputs: number) =>
    graph.scoped(name, () => {
      const parameter = (part: string, shape: number[], scale: number) => {
        const path = `${name}.${part}`;
        values.set(
          path,
          patternFill('int8', path, shape, (u) => u * scale),
        );
        return graph.state(path, shape);
      };
      const weight = parameter('weight', [outputs, inputs, 3, 3], Math.sqrt(6 / (9 * inputs)));
      return add(conv2d(x, weight, { padding: 1 }), parameter('bias', [1, outputs, 1, 1], 0.2));
    });
  const stem = relu(layer('stem', graph.input('image', image), 3, 16));
  const pooled = maxPool(relu(layer('wide', stem, 16, 16)), { kernel: 2, stride: 2 });
  const inner = relu(layer('first', pooled, 16, 16));
  const sum = add(layer('second', inner, 16, 16), pooled);
  const last = minimum(relu(layer('last', relu(sum), 16, 16)), 6);
  const outputs = { stem, sum, embedding: globalAveragePool(last) };
  return bindState(program({ name: 'network', outputs }), values);
}

const batches: readonly Feeds[] = [0, 1].map((i) => ({
  image: patternFill('int8', `image ${i}`, image, (u) => 2 * u),
}));

const inInt8 = (target: Program, calibration: Calibration = { batches }) =>
  onnxBackend.compile(target, { precision: 'int8', threads: 1, profile: true, calibration });

/** Outputs for one batch; the executable is disposed of. */
async function outputsOf(executable: Executable): Promise<Record<string, Float32Array>> {
  const fetches = await executable.step({ image: patternFill('int8', 'held out', image, (u) => 2 * u) });
  const outputs = Object.entries(fetches).map(([name, { data }]) => [name, (data as Float32Array).slice()]);
  await executable.dispose();
  return Object.fromEntries(outputs);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((total, value, i) => total + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('a frozen program in int8', () => {
  test.each<[string, Omit<Calibration, 'batches'>]>([
    ['min-max', {}],
    ['percentile', { method: 'percentile', percentile: 99.9 }],
    ['entropy', { method: 'entropy' }],
  ])('stays close to float32, calibrated by %s', async (_, method) => {
    const target = network();
    const float = await outputsOf(await onnxBackend.compile(target, { threads: 1 }));
    const rounded = await outputsOf(await inInt8(target, { batches, ...method }));
    for (const [name, values] of Object.entries(float)) {
      expect(cosine(values, rounded[name]!), name).toBeGreaterThan(0.999);
    }
    // what comes before the first quantised convolution is exact
    expect(cosine(float.stem!, rounded.stem!)).toBeCloseTo(1, 6);
    expect(rounded.embedding).not.toEqual(float.embedding);
  });

  test.each(['min-max', 'entropy'] as const)(
    'rounds the first convolution too where that is asked for, calibrated by %s',
    async (method) => {
      const float = await outputsOf(await onnxBackend.compile(network(), { threads: 1 }));
      const rounded = await outputsOf(await inInt8(network(), { batches, method, firstConvolution: 'int8' }));
      expect(rounded.stem).not.toEqual(float.stem);
      for (const [name, values] of Object.entries(float)) {
        expect(cosine(values, rounded[name]!), name).toBeGreaterThan(0.999);
      }
    },
  );

  test('runs by integer kernels, all but the first convolution and the pooling', async () => {
    const executable = await inInt8(network());
    await executable.step({ image: batches[0]!.image! });
    const counts = new Map<string, number>();
    for (const { operation, count } of await executable.profile!()) {
      counts.set(operation, (counts.get(operation) ?? 0) + count);
    }
    await executable.dispose();
    expect(Object.fromEntries(counts)).toMatchObject({ QLinearConv: 4, QLinearAdd: 1, Conv: 1 });
    expect(counts.has('Min')).toBe(false);
  });

  test('is the same every time', async () => {
    expect(await outputsOf(await inInt8(network()))).toEqual(await outputsOf(await inInt8(network())));
  });

  test('depends on the batches it was calibrated with', async () => {
    const dim = { image: patternFill('int8', 'dim', image, (u) => u / 50) };
    const [bright, clipped] = [
      await outputsOf(await inInt8(network())),
      await outputsOf(await inInt8(network(), { batches: [dim] })),
    ];
    expect(cosine(bright.embedding!, clipped.embedding!)).toBeLessThan(0.999);
  });
});

describe('int8 is refused', () => {
  const refused = (what: Promise<Executable>, code: string, message: RegExp) =>
    expect(what).rejects.toMatchObject({ code, message: expect.stringMatching(message) });

  test('without batches to calibrate with', async () => {
    const compiled = onnxBackend.compile(network(), { precision: 'int8' });
    await refused(compiled, 'PRECONDITION', /'network' in int8 needs batches/);
    await refused(inInt8(network(), { batches: [] }), 'PRECONDITION', /no batches to calibrate 'network'/);
  });

  test('for batches of another shape', async () => {
    const small = { image: tensorData('float32', [1, 3, 8, 8]) };
    await refused(
      inInt8(network(), { batches: [small] }),
      'SHAPE_MISMATCH',
      /\[1, 3, 8, 8\].*\[4, 3, 8, 8\]/,
    );
  });

  test('for batches that make values no number can be', async () => {
    const bad = patternFill('int8', 'bad', image);
    bad.data[5] = Number.NaN;
    await refused(inInt8(network(), { batches: [{ image: bad }] }), 'NON_FINITE', /'network'.*not finite/);
  });

  test('for a percentile that is none', async () => {
    await refused(
      inInt8(network(), { batches, method: 'percentile', percentile: 0.999 }),
      'CONFIG_INVALID',
      /0\.999/,
    );
  });

  test('for a program with state', async () => {
    const graph = new Graph();
    const weight = graph.state('weight', [3, 3, 1, 1]);
    const y = conv2d(graph.input('image', image), weight);
    await refused(inInt8(program({ name: 'live', outputs: { y } })), 'BACKEND_UNSUPPORTED', /'live' .*state/);
  });

  test('where nothing would be computed in it', async () => {
    const x = new Graph().input('image', image);
    await refused(
      inInt8(program({ name: 'flat', outputs: { y: relu(x) } })),
      'BACKEND_UNSUPPORTED',
      /'flat'/,
    );
  });

  test('on devices other than the CPU', async () => {
    const compiled = onnxBackend.compile(network(), {
      precision: 'int8',
      device: 'cuda',
      calibration: { batches },
    });
    await refused(compiled, 'BACKEND_UNSUPPORTED', /int8 on cuda/);
  });
});
