import {
  cast,
  concat,
  conv2d,
  equal,
  Graph,
  gather,
  gradients,
  interpret,
  mul,
  type Program,
  program,
  reshape,
  reverse,
  slice,
  softmaxCrossEntropy,
  sub,
  sum,
  type Tensor,
  type TensorData,
  tensorData,
  transpose,
  where,
} from '@limbeck/graph';
import { isRequired, patternFill } from '@limbeck/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { KernelsDevice } from './device.js';
import { tfjsKernelsBackend } from './node/backend.js';
import { findPackages } from './node/packages.js';
import type { Tfjs } from './tfjs.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A convolution trained by gradient descent: state in a layout of its own, a scalar input, an output of each kind. */
function training(): Program {
  const graph = new Graph();
  const weight = graph.state('weight', [4, 3, 3, 3]);
  const labels = graph.input('labels', [2], 'int32');
  const map = conv2d(graph.input('image', [2, 3, 3, 3]), weight);
  const loss = graph.scoped('head', () => sum(softmaxCrossEntropy(reshape(map, [2, 4]), labels)));
  const [gradient] = gradients(loss, [weight]) as [Tensor];
  const updates = new Map([['weight', sub(weight, mul(graph.input('lr', []), gradient))]]);
  return program({ name: 'training', outputs: { loss, map }, updates });
}

const batch = (step: number): Record<string, TensorData> => ({
  image: patternFill('kernels', `image${step}`, [2, 3, 3, 3]),
  labels: tensorData('int32', [2], Int32Array.of(step % 4, 1)),
  lr: tensorData('float32', [], Float32Array.of(0.1)),
});

const found = await tfjsKernelsBackend.capabilities();
const here = (device: KernelsDevice) =>
  isRequired(`tfjs-${device}`) || (found.available && found.devices.includes(device));
const core = (): Tfjs => {
  const { require, core: name } = findPackages('cpu');
  return require(name) as Tfjs;
};

describe.for(['cpu', 'wasm', 'webgpu'] as const)('kernels on %s', (device) => {
  const run = test.skipIf(!here(device));
  // a graphics processor that the CPU stands in for is slow
  const count = device === 'webgpu' ? 50 : 1000;

  run(
    `as many tensors after ${count} steps as after one, none after disposal`,
    { timeout: 60_000 },
    async () => {
      const tf = core();
      const before = tf.memory().numTensors;
      const executable = await tfjsKernelsBackend.compile(training(), { device });
      await executable.step(batch(0));
      const tensors = tf.memory().numTensors;
      for (let step = 1; step < count; step++) await executable.step(batch(step));
      await executable.writeState(await executable.readState());
      expect(tf.memory().numTensors).toBe(tensors);
      await executable.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  run('a profile names kernels and places, or says why it cannot', async () => {
    const executable = await tfjsKernelsBackend.compile(training(), { device, profile: true });
    await executable.step(batch(0));
    if (device === 'webgpu') {
      await expect(executable.profile!()).rejects.toMatchObject({
        code: 'BACKEND_UNSUPPORTED',
        message: expect.stringContaining('a graphics processor computes them after they were called'),
      });
    } else {
      const entries = await executable.profile!();
      const milliseconds = expect.toSatisfy((ms: number) => ms >= 0);
      expect(entries).toContainEqual({ operation: 'Conv2D', scope: '', milliseconds, count: 1 });
      expect(entries.some(({ scope }) => scope === 'head')).toBe(true);
      expect(entries.at(-1)).toEqual({ operation: 'outside of kernels', scope: '', milliseconds, count: 0 });
    }
    await executable.dispose();
    const plain = await tfjsKernelsBackend.compile(training(), { device });
    expect(plain.profile).toBeUndefined();
    await plain.dispose();
  });

  run('state that is the input of the step before is a copy of it', async () => {
    const graph = new Graph();
    const bank = graph.state('bank', [2, 32]);
    const fed = graph.input('fed', [64]);
    const updates = new Map([['bank', reshape(fed, [2, 32])]]);
    const target = program({ name: 'bank', outputs: { bank }, updates });
    const executable = await tfjsKernelsBackend.compile(target, { device });
    const given = patternFill('kernels', 'fed', [64]);
    const expected = given.data.slice();
    await executable.step({ fed: given });
    given.data.fill(7);
    expect((await executable.readState()).get('bank')!.data).toEqual(expected);
    await executable.dispose();
  });

  run('integers of fewer bits go in and out, and are what they are as floats', async () => {
    const graph = new Graph();
    const types = ['int8', 'uint8', 'bool'] as const;
    const outputs = Object.fromEntries(
      types.flatMap((dtype) => {
        const x = graph.input(dtype, [3], dtype);
        return [
          [dtype, x],
          [`${dtype} as float`, mul(cast(x, 'float32'), 2)],
        ];
      }),
    );
    const executable = await tfjsKernelsBackend.compile(program({ name: 'types', outputs }), { device });
    const feeds = {
      int8: tensorData('int8', [3], Int8Array.of(-128, 0, 127)),
      uint8: tensorData('uint8', [3], Uint8Array.of(0, 1, 255)),
      bool: tensorData('bool', [3], Uint8Array.of(0, 1, 1)),
    };
    const fetched = await executable.step(feeds);
    for (const dtype of types) {
      expect(fetched[dtype]).toEqual(feeds[dtype]);
      const doubled = Float32Array.from(feeds[dtype].data, (value) => 2 * value);
      expect(fetched[`${dtype} as float`]!.data).toEqual(doubled);
    }
    await executable.dispose();
  });

  run.for(['int32', 'bool'] as const)('%s is moved, picked and chosen as it is', async (dtype) => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', [2, 3], dtype), graph.input('b', [2, 3], dtype)];
    const outputs = {
      chosen: where(graph.input('which', [2, 3], 'bool'), a, b),
      every: slice(a, { axis: 1, step: 2 }),
      back: reverse(a, { axes: [1] }),
      turned: transpose(a),
      rolled: transpose(reshape(a, [1, 2, 3, 1]), [2, 0, 3, 1]),
      side: concat([a, b], { axis: 1 }),
      equal: equal(a, b),
    };
    const target = program({ name: 'moves', outputs });
    const values = (list: number[]) =>
      dtype === 'bool'
        ? tensorData(
            'bool',
            [2, 3],
            Uint8Array.from(list, (value) => value & 1),
          )
        : tensorData('int32', [2, 3], Int32Array.from(list));
    const feeds = {
      // graphics processors choose by way of floats, which hold integers below 2^24
      a: values([3, -2, 16_777_215, 7, 7, 0]),
      b: values([1, -2, 5, 7, 2, 0]),
      which: tensorData('bool', [2, 3], Uint8Array.of(1, 0, 1, 0, 1, 0)),
    };
    const executable = await tfjsKernelsBackend.compile(target, { device });
    const fetched = await executable.step(feeds);
    const expected = interpret(target, new Map<string, TensorData>(Object.entries(feeds))).outputs;
    for (const [name, tensor] of expected) expect(fetched[name], name).toEqual(tensor);
    await executable.dispose();
  });

  run('a step that fails leaves state and tensors as they were, and says where', async () => {
    const tf = core();
    const target = training();
    const state = new Map([['weight', patternFill('kernels', 'weight', [4, 3, 3, 3])]]);
    const executable = await tfjsKernelsBackend.compile(target, { device, state });
    await executable.step(batch(0));
    const before = await executable.readState();
    const tensors = tf.memory().numTensors;
    const engine = tf.engine();
    const runKernel = engine.runKernel.bind(engine);
    const failing = vi.spyOn(engine, 'runKernel').mockImplementation((name, ...rest) => {
      if (name === 'OneHot') throw new RangeError('Array buffer allocation failed');
      return runKernel(name, ...rest);
    });
    await expect(executable.step(batch(1))).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringMatching(
        new RegExp(`^a step of 'training' at head.*: out of memory on ${device}: Array buffer`),
      ),
      hint: 'take smaller batches; the state is that of before',
    });
    failing.mockRestore();
    expect((await executable.readState()).get('weight')).toEqual(before.get('weight'));
    expect(tf.memory().numTensors).toBe(tensors);
    await executable.step(batch(1));
    await executable.dispose();
  });

  run('what it cannot do is refused at compilation, with the place', async () => {
    const graph = new Graph();
    const half = graph.scoped('student.stem', () => mul(graph.input('x', [2], 'bfloat16'), 2));
    await expect(
      tfjsKernelsBackend.compile(program({ name: 'half', outputs: { half } }), { device }),
    ).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: `the tfjs kernels on ${device} do not compute in bfloat16: 'mul' at student.stem`,
    });
    const deep = graph.scoped('student.head', () => mul(graph.input('y', [1, 1, 1, 1, 1, 1, 2]), 2));
    await expect(
      tfjsKernelsBackend.compile(program({ name: 'deep', outputs: { deep } }), { device }),
    ).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringMatching(/'mul' of shape \[1, 1, 1, 1, 1, 1, 2\].* at student\.head$/),
    });
    const target = training();
    await expect(tfjsKernelsBackend.compile(target, { device, precision: 'int8' })).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringContaining('int8'),
    });
    await expect(tfjsKernelsBackend.compile(target, { device: 'cuda' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('cuda'),
    });
  });
});

test.skipIf(!here('cpu') || !here('wasm'))('programs on two devices run side by side', async () => {
  const [first, second] = await Promise.all(
    (['cpu', 'wasm'] as const).map((device) => tfjsKernelsBackend.compile(training(), { device })),
  );
  const outputs = await Promise.all([first!.step(batch(0)), second!.step(batch(0))]);
  expect(outputs[1]!.loss!.data[0]).toBeCloseTo(outputs[0]!.loss!.data[0]!, 4);
  await Promise.all([first!.dispose(), second!.dispose()]);
});

test.skipIf(!here('webgpu'))(
  'a device that was lost is named; the next compilation asks for another',
  async () => {
    const executable = await tfjsKernelsBackend.compile(training(), { device: 'webgpu' });
    await executable.step(batch(0));
    const { device } = core().findBackend('webgpu') as {
      device: { destroy(): void; lost: Promise<unknown> };
    };
    device.destroy();
    await device.lost;
    await expect(executable.step(batch(1))).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringContaining('the WebGPU device was lost'),
      hint: 'compile the program again, from the last checkpoint',
    });
    await executable.dispose();
    const again = await tfjsKernelsBackend.compile(training(), { device: 'webgpu' });
    await again.step(batch(0));
    await again.dispose();
  },
);

test('an index outside of what is picked from is an error in plain JavaScript', {
  skip: !here('cpu'),
}, async () => {
  const graph = new Graph();
  const picked = gather(graph.input('x', [3]), graph.input('indices', [2], 'int32'));
  const executable = await tfjsKernelsBackend.compile(program({ name: 'picking', outputs: { picked } }), {
    device: 'cpu',
  });
  const feeds = {
    x: patternFill('kernels', 'x', [3]),
    indices: tensorData('int32', [2], Int32Array.of(0, 7)),
  };
  await expect(executable.step(feeds)).rejects.toMatchObject({
    code: 'BACKEND_FAILED',
    message: expect.stringContaining("a step of 'picking' failed on cpu"),
  });
  await executable.dispose();
});
