import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  add,
  batchNormTraining,
  channelMean,
  channelVariance,
  conv2d,
  Graph,
  gradients,
  interpret,
  mean,
  mul,
  type Program,
  primitive,
  program,
  relu,
  square,
  sub,
  sum,
  type Tensor,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import { deviationOf, patternFill } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { onnxBackend } from './backend.js';

/** Two normalised layers as wide as each other, trained by plain gradient descent. */
function training(): Program {
  const graph = new Graph();
  const image = graph.input('image', [4, 3, 6, 6]);
  const trained: Tensor[] = [];
  const updates = new Map<string, Tensor>();
  const state = (name: string, shape: number[]) => {
    const tensor = graph.state(name, shape);
    trained.push(tensor);
    return tensor;
  };
  const layer = (name: string, x: Tensor, inputs: number) =>
    graph.scoped(name, () => {
      const y = conv2d(x, state(`${name}.weight`, [16, inputs, 3, 3]), { padding: 1 });
      for (const [statistic, value] of [
        ['mean', channelMean(y)],
        ['variance', channelVariance(y)],
      ] as const) {
        const running = graph.state(`${name}.${statistic}`, [16]);
        updates.set(`${name}.${statistic}`, add(mul(running, 0.9), mul(value, 0.1)));
      }
      const [scale, bias] = [state(`${name}.scale`, [16]), state(`${name}.bias`, [16])];
      return relu(batchNormTraining(y, scale, bias, { epsilon: 1e-5 }));
    });
  const y = layer('second', layer('first', image, 3), 16);
  const loss = mean(square(sub(y, 1)));
  gradients(loss, trained).forEach((gradient, i) => {
    const parameter = trained[i]!;
    updates.set(parameter.attributes.name as string, sub(parameter, mul(graph.input('lr', []), gradient)));
  });
  return program({ name: 'training', outputs: { loss, map: y }, updates });
}

const firstState = (target: Program): Map<string, TensorData> =>
  new Map(target.state.map(({ name, current }) => [name, patternFill('training', name, current.shape)]));

const batch = (step: number) => ({
  image: patternFill('training', `image ${step}`, [4, 3, 6, 6]),
  lr: tensorData('float32', [], new Float32Array([0.1])),
});

async function run(
  target: Program,
  steps: number,
): Promise<{ losses: number[]; state: ReadonlyMap<string, TensorData> }> {
  const executable = await onnxBackend.compile(target, { threads: 2, state: firstState(target) });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await executable.step(batch(step))).loss!.data[0]!);
  const state = await executable.readState();
  await executable.dispose();
  return { losses, state };
}

describe('training', () => {
  test('three steps of normalised layers follow the reference', async () => {
    const target = training();
    const { losses, state } = await run(target, 3);
    let expected = firstState(target);
    for (let step = 0; step < 3; step++) {
      const result = interpret(target, new Map(Object.entries(batch(step))), expected);
      expect(losses[step]).toBeCloseTo(result.outputs.get('loss')!.data[0]!, 5);
      expected = result.state;
    }
    for (const [name, { data }] of expected)
      expect(deviationOf(state.get(name)!.data, data, 1e-3).relative, name).toBeLessThan(1e-4);
  });

  test('gives the same bits every time', async () => {
    const target = training();
    expect(await run(target, 3)).toEqual(await run(target, 3));
  });

  test('outputs of one step survive the next one, and their memory is used again', async () => {
    const target = training();
    const executable = await onnxBackend.compile(target, { threads: 1, state: firstState(target) });
    const first = (await executable.step(batch(0))).map!;
    const copy = first.data.slice();
    const second = (await executable.step(batch(1))).map!;
    expect(first.data).toEqual(copy);
    const third = (await executable.step(batch(2))).map!;
    expect(second.data).not.toBe(first.data);
    expect(third.data).toBe(first.data);
    await executable.dispose();
  });

  test('steps asked for at once run one after another', async () => {
    const target = training();
    const { state } = await run(target, 3);
    const executable = await onnxBackend.compile(target, { threads: 2, state: firstState(target) });
    const steps = [0, 1, 2].map((step) => executable.step(batch(step)));
    expect(await executable.readState()).toEqual(state);
    await Promise.all(steps);
    await executable.dispose();
  });
});

describe('profile', () => {
  let folder: string;
  const before = process.env.TMPDIR;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'profile-test-'));
    process.env.TMPDIR = folder;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true });
  });

  test('names operations and places, and leaves no file behind', async () => {
    const target = training();
    const executable = await onnxBackend.compile(target, {
      threads: 1,
      profile: true,
      state: firstState(target),
    });
    for (let step = 0; step < 2; step++) await executable.step(batch(step));
    const entries = await executable.profile!();
    expect(entries).toContainEqual({
      operation: 'Conv',
      scope: 'first',
      count: 1,
      milliseconds: expect.toSatisfy((ms: number) => ms > 0),
    });
    expect(entries.some(({ scope }) => scope === 'second/gradient')).toBe(true);
    expect(await executable.profile!()).toEqual(entries);
    await executable.dispose();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that nobody asks for leaves no file behind either', async () => {
    const executable = await onnxBackend.compile(training(), { threads: 1, profile: true });
    await executable.step(batch(0));
    await executable.dispose();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is not there unless asked for', async () => {
    const executable = await onnxBackend.compile(training(), { threads: 1 });
    expect(executable.profile).toBeUndefined();
    await executable.dispose();
  });
});

describe('compile refuses', () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 3]);
  const doubled = program({ name: 'doubled', outputs: { y: add(x, x) } });

  test('precisions it does not compute in', async () => {
    await expect(onnxBackend.compile(doubled, { precision: 'bfloat16' })).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringContaining("'doubled' in bfloat16"),
    });
  });

  test('devices it does not have', async () => {
    await expect(onnxBackend.compile(doubled, { device: 'wasm' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    });
  });

  test('element types, naming operation and scope', async () => {
    const y = graph.scoped('stem', () => relu(graph.input('low', [2], 'bfloat16')));
    await expect(onnxBackend.compile(program({ name: 'low', outputs: { y } }))).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringMatching(/bfloat16/),
    });
  });

  test('element types the runtime has no kernel for, naming the place', async () => {
    const small = graph.input('small', [2, 2], 'int8');
    const y = graph.scoped('stem.conv1', () => sum(small));
    await expect(onnxBackend.compile(program({ name: 'small', outputs: { y } }))).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringMatching(/ReduceSum .*stem\.conv1/),
    });
  });

  test('primitives of others, naming operation and scope', async () => {
    const cube = primitive<'cube', [x: Tensor]>('cube', {
      infer: ([given]) => given!,
      reference: ([given]) => given!.data.map((value) => value ** 3),
      samples: [],
    });
    const y = graph.scoped('head', () => cube(x));
    await expect(onnxBackend.compile(program({ name: 'cubed', outputs: { y } }))).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringContaining("'cube' at head"),
    });
  });
});
