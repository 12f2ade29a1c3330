import { attr, encodeOnnx, type OnnxGraph, type OnnxNode } from '@limbeck/formats';
import { describe, expect, it } from 'vitest';
import { onnxBackend } from '../backend.js';

const mebibyte = 1 << 20;
const limits = { memoryBytes: 600 * mebibyte, seconds: 60 };
const feeds = { x: { dtype: 'float32', shape: [2, 3], data: Float32Array.of(-1, 0, 1, -2, 0, 2) } } as const;

const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({
  opType,
  inputs,
  outputs,
  name: `${opType} ${outputs[0]}`,
  attributes,
});
const int64 = (name: string, value: bigint, shape: readonly number[] = [1]) =>
  ({ name, dtype: 'int64', shape, data: BigInt64Array.of(value) }) as const;
const yes = { name: 'yes', dtype: 'bool', shape: [], data: Uint8Array.of(1) } as const;

function model(nodes: readonly OnnxNode[], initializers: OnnxGraph['initializers'] = []): Uint8Array {
  return encodeOnnx({
    irVersion: 8,
    opsetImports: [{ domain: '', version: 17 }],
    producerName: 'test',
    metadata: {},
    graph: {
      name: 'g',
      nodes,
      initializers,
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 3] }],
      outputs: [{ name: 'y' }],
    },
  });
}

/** A loop whose body says that it goes on. */
const endless: OnnxGraph = {
  name: 'body',
  nodes: [node('Identity', ['going'], ['on']), node('Add', ['sum', 'sum'], ['next'])],
  initializers: [],
  inputs: [
    { name: 'i', dtype: 'int64', shape: [] },
    { name: 'going', dtype: 'bool', shape: [] },
    { name: 'sum', dtype: 'float32' },
  ],
  outputs: [
    { name: 'on', dtype: 'bool', shape: [] },
    { name: 'next', dtype: 'float32' },
  ],
};

describe('a model from a file is tried in a process of its own', () => {
  it('and tells types and shapes of what it gives', async () => {
    const bytes = model([node('Relu', ['x'], ['r']), node('Identity', ['r'], ['y'])]);
    const trial = await onnxBackend.tryModel!(bytes, { limits, feeds, outputs: ['r', 'y'] });
    expect(trial.given).toEqual({
      r: { dtype: 'float32', shape: [2, 3] },
      y: { dtype: 'float32', shape: [2, 3] },
    });
    expect(trial.outputs).toEqual([
      { name: 'r', dtype: 'float32', shape: ['batch', 3] },
      { name: 'y', dtype: 'float32', shape: ['batch', 3] },
    ]);
  });

  it('without inputs it is loaded and not run', async () => {
    const trial = await onnxBackend.tryModel!(model([node('Relu', ['x'], ['y'])]), { limits });
    expect(trial).toMatchObject({ given: {}, outputs: [{ name: 'y' }] });
  });

  it.each<[string, Uint8Array, string]>([
    [
      'ConstantOfShape',
      model(
        [node('ConstantOfShape', ['n'], ['big']), node('ReduceSum', ['big'], ['y'])],
        [int64('n', 2n ** 30n)],
      ),
      'took over 600 MiB of memory',
    ],
    [
      'Expand',
      model(
        [node('Expand', ['one', 'n'], ['big']), node('ReduceSum', ['big'], ['y'])],
        [{ name: 'one', dtype: 'float32', shape: [1], data: Float32Array.of(1) }, int64('n', 2n ** 30n)],
      ),
      'took over 600 MiB of memory',
    ],
    [
      'a doubling of values',
      model([
        node('Identity', ['x'], ['v0']),
        ...Array.from({ length: 26 }, (_, i) =>
          node('Concat', [`v${i}`, `v${i}`], [`v${i + 1}`], { axis: attr.int(1) }),
        ),
        node('Identity', ['v26'], ['y']),
      ]),
      'took over 600 MiB of memory',
    ],
  ])('%s that takes all memory is ended', async (_, bytes, message) => {
    const trial = onnxBackend.tryModel!(bytes, { limits, feeds, source: 'evil.onnx' });
    await expect(trial).rejects.toMatchObject({
      code: 'MODEL_LIMITS',
      message: expect.stringContaining(`'evil.onnx' was tried in a process of its own, which ${message}`),
      hint: expect.stringContaining('teacher.limits'),
    });
  });

  it('a loop without an end is ended', async () => {
    const bytes = model(
      [node('Loop', ['n', 'yes', 'x'], ['y'], { body: { kind: 'graph', value: endless } })],
      [int64('n', 2n ** 62n, []), yes],
    );
    const trial = onnxBackend.tryModel!(bytes, { limits: { ...limits, seconds: 3 }, feeds });
    await expect(trial).rejects.toMatchObject({
      code: 'MODEL_LIMITS',
      message: expect.stringContaining('took over 3 seconds'),
    });
  });

  it('what the runtime refuses is told as it is when it is loaded', async () => {
    const unknown = model([node('Frobnicate', ['x'], ['y'])]);
    await expect(onnxBackend.tryModel!(unknown, { limits })).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringContaining('knows no operator Frobnicate'),
    });
    const failing = model([node('Reshape', ['x', 'n'], ['y'])], [int64('n', 5n)]);
    await expect(onnxBackend.tryModel!(failing, { limits, feeds })).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
    });
  });
});
