import {
  argMax,
  cast,
  conv2d,
  Graph,
  gather,
  gradients,
  interpret,
  leafName,
  less,
  logSoftmax,
  mul,
  type Program,
  pad,
  program,
  reshape,
  reverse,
  slice,
  softmax,
  softmaxCrossEntropy,
  sub,
  sum,
  type Tensor,
  type TensorData,
  tensorData,
  where,
} from '@limbeck/graph';
import { deviationOf, isRequired, patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { tfjsBackend } from '../backend.js';
import { loadRuntime } from './runtime.js';

const found = await tfjsBackend.capabilities();
const required = isRequired('tfjs-session');
const reason = found.available ? '' : ` (${found.reason})`;

/** A convolution trained by gradient descent: state in two layouts, a scalar input, an output of each kind. */
function training(): Program {
  const graph = new Graph();
  const weight = graph.state('weight', [4, 3, 3, 3]);
  const labels = graph.input('labels', [2], 'int32');
  const map = conv2d(graph.input('image', [2, 3, 3, 3]), weight);
  const logits = reshape(map, [2, 4]);
  const loss = sum(softmaxCrossEntropy(logits, labels));
  const [gradient] = gradients(loss, [weight]) as [Tensor];
  const updates = new Map([['weight', sub(weight, mul(graph.input('lr', []), gradient))]]);
  return program({ name: 'training', outputs: { loss, map, predicted: argMax(logits) }, updates });
}

const batch = (step: number): Record<string, TensorData> => ({
  image: patternFill('session', `image${step}`, [2, 3, 3, 3]),
  labels: tensorData('int32', [2], Int32Array.of(step % 4, 1)),
  lr: tensorData('float32', [], Float32Array.of(0.1)),
});

describe.skipIf(!found.available && !required)(`session${reason}`, () => {
  test('nothing of tfjs is left behind: tensors over 1,000 steps, sessions after disposal', async () => {
    const { tf } = loadRuntime();
    const [tensors, sessions] = [tf.memory().numTensors, tf.node.getNumOfSavedModels()];
    const executable = await tfjsBackend.compile(training());
    for (let step = 0; step < 1000; step++) await executable.step(batch(step));
    await executable.writeState(await executable.readState());
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tf.node.getNumOfSavedModels()).toBe(sessions + 1);
    await executable.dispose();
    expect(tf.node.getNumOfSavedModels()).toBe(sessions);
  });

  test('values of as many axes as TensorFlow follows', async () => {
    const graph = new Graph();
    const x = (rank: number) => graph.input(`x${rank}`, Array(rank).fill(2));
    const outputs = {
      reverse: reverse(x(8), { axes: [0, 2, 7] }),
      slice: slice(slice(x(8), { axis: 1, start: 1 }), { axis: 6, step: 2 }),
      where: where(less(x(8), 0), mul(x(8), 2), x(8)),
      argMax: argMax(x(7), { axis: 3 }),
      pad: pad(x(6), { before: [1, 0, 1, 0, 1, 0], after: [0, 1, 0, 1, 0, 1] }),
      softmax: softmax(x(7)),
      logSoftmax: logSoftmax(x(6)),
    };
    const target = program({ name: 'axes', outputs });
    const feeds = new Map<string, TensorData>(
      target.inputs.map((input) => [leafName(input), patternFill('axes', leafName(input), input.shape)]),
    );
    const executable = await tfjsBackend.compile(target);
    const fetched = await executable.step(Object.fromEntries(feeds));
    for (const [name, expected] of interpret(target, feeds).outputs) {
      expect(fetched[name]!.shape, name).toEqual(expected.shape);
      expect(deviationOf(fetched[name]!.data, expected.data, 1e-3).relative, name).toBeLessThan(1e-5);
    }
    await executable.dispose();
  });

  test('a step that fails leaves state and tensors as they were', async () => {
    const graph = new Graph();
    const x = graph.state('x', [3]);
    const picked = gather(x, graph.input('indices', [2], 'int32'));
    const updates = new Map([['x', mul(x, 2)]]);
    const target = program({ name: 'picking', outputs: { picked }, updates });
    const state = new Map([['x', patternFill('session', 'x', [3])]]);
    const executable = await tfjsBackend.compile(target, { state });
    const { tf } = loadRuntime();
    const tensors = tf.memory().numTensors;
    const outside = { indices: tensorData('int32', [2], Int32Array.of(0, 7)) };
    await expect(executable.step(outside)).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringContaining("a step of 'picking' failed"),
    });
    expect((await executable.readState()).get('x')!.data).toEqual(state.get('x')!.data);
    expect(tf.memory().numTensors).toBe(tensors);
    await executable.dispose();
  });

  test('element types that tfjs does not know go in and out unchanged', async () => {
    const graph = new Graph();
    const types = ['bfloat16', 'int8', 'uint8', 'bool'] as const;
    const outputs = Object.fromEntries(
      types.flatMap((dtype) => {
        const x = graph.input(dtype, [3], dtype);
        return [
          [dtype, x],
          [`${dtype} as float`, cast(x, 'float32')],
        ];
      }),
    );
    const executable = await tfjsBackend.compile(program({ name: 'types', outputs }));
    const feeds = {
      bfloat16: tensorData('bfloat16', [3], Uint16Array.of(0x3f80, 0xc000, 0xff80)),
      int8: tensorData('int8', [3], Int8Array.of(-128, 0, 127)),
      uint8: tensorData('uint8', [3], Uint8Array.of(0, 1, 255)),
      bool: tensorData('bool', [3], Uint8Array.of(0, 1, 1)),
    };
    const fetched = await executable.step(feeds);
    for (const dtype of types) expect(fetched[dtype]).toEqual(feeds[dtype]);
    expect(fetched['bfloat16 as float']!.data).toEqual(Float32Array.of(1, -2, Number.NEGATIVE_INFINITY));
    expect(fetched['int8 as float']!.data).toEqual(Float32Array.of(-128, 0, 127));
    await executable.dispose();
  });

  test('state that is the input of the step before is a copy of it', async () => {
    const graph = new Graph();
    const bank = graph.state('bank', [2, 32]);
    const fed = graph.input('fed', [64]);
    const updates = new Map([['bank', reshape(fed, [2, 32])]]);
    const executable = await tfjsBackend.compile(program({ name: 'bank', outputs: { bank }, updates }));
    const given = patternFill('session', 'fed', [64]);
    const expected = given.data.slice();
    await executable.step({ fed: given });
    given.data.fill(7);
    expect((await executable.readState()).get('bank')!.data).toEqual(expected);
    await executable.dispose();
  });

  test.skipIf(!found.available || !found.precisions.includes('bfloat16')).each([
    { size: 8, kernel: [3, 3], stride: 1, padding: 1 },
    { size: 9, kernel: [3, 3], stride: 2, padding: 1 },
    { size: 10, kernel: [3, 3], stride: 2, padding: 1 },
    { size: 7, kernel: [5, 2], stride: [2, 1], padding: [0, 1, 2, 0] },
    { size: 12, kernel: [2, 4], stride: 3, padding: 0 },
  ] as const)(
    'weight gradients made of products are those of convolutions: $kernel, stride $stride',
    async (sizes) => {
      const { size, kernel, stride, padding } = sizes;
      const graph = new Graph();
      const weight = graph.state('weight', [256, 3, ...kernel]);
      const y = conv2d(graph.input('map', [2, 3, size, size]), weight, { stride, padding });
      const [gradient] = gradients(sum(mul(y, graph.input('dy', y.shape))), [weight]) as [Tensor];
      const target = program({ name: 'weights', outputs: { gradient } });
      const feeds = {
        map: patternFill('session', 'map', [2, 3, size, size]),
        dy: patternFill('session', 'dy', y.shape),
      };
      const [expected, products] = await Promise.all(
        (['float32', 'bfloat16'] as const).map(async (precision) => {
          const executable = await tfjsBackend.compile(target, { precision });
          const { gradient: result } = await executable.step(feeds);
          await executable.dispose();
          return result!.data as Float32Array;
        }),
      );
      // the greatest deviation of any sum of factors with 8 bits each, to the root mean square of all
      expect(deviationOf(products!, expected!, 1e-6).relative).toBeLessThan(2e-2);
    },
  );

  test('what it cannot do is refused at compilation', async () => {
    const target = training();
    await expect(tfjsBackend.compile(target, { precision: 'int8' })).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringContaining('int8'),
    });
    await expect(tfjsBackend.compile(target, { device: 'webgpu' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('webgpu'),
    });
  });
});
