import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Executable } from '@limbeck/core/backend';
import {
  conv2d,
  Graph,
  gradients,
  matmul,
  mean,
  mul,
  type Program,
  program,
  relu,
  reshape,
  square,
  sub,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { isRequired, patternFill } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tfjsBackend } from '../../backend.js';
import { PrimitiveLog } from './primitive-log.js';
import { replay } from './replay.js';

// TensorFlow uses oneDNN by itself on newer CPUs only, and profiles are of oneDNN's primitives
process.env.TF_ENABLE_ONEDNN_OPTS = '1';
const found = await tfjsBackend.capabilities();
const reason = found.available ? '' : ` (${found.reason})`;

const image = [8, 16, 16, 16] as const;

/** Two convolutions trained by gradient descent: all three directions run. */
function training(): Program {
  const graph = new Graph();
  const weights = ['first', 'second'].map((name) => graph.state(name, [16, 16, 3, 3]));
  const [first, second] = weights as [Tensor, Tensor];
  const same = { padding: 1 };
  const map = conv2d(relu(conv2d(graph.input('image', image), first, same)), second, same);
  const loss = mean(square(map));
  const rate = graph.input('lr', []);
  const steps = gradients(loss, weights) as Tensor[];
  const updates = new Map(
    weights.map((weight, i) => [['first', 'second'][i]!, sub(weight, mul(rate, steps[i]!))]),
  );
  return program({ name: 'training', outputs: { loss }, updates });
}

const feeds = {
  image: patternFill('profile', 'image', image),
  lr: tensorData('float32', [], Float32Array.of(0.1)),
};

const state = new Map(
  ['first', 'second'].map((name) => [name, patternFill('profile', name, [16, 16, 3, 3])]),
);

describe.skipIf(!found.available && !isRequired('tfjs-session'))(`a profile of the session${reason}`, () => {
  let folder: string;
  let executable: Executable | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'profile-test-'));
    vi.stubEnv('TMPDIR', folder);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await executable?.dispose();
    rmSync(folder, { recursive: true });
  });

  test('names the primitives of a step, and leaves state and folders as they were', async () => {
    executable = await tfjsBackend.compile(training(), { state, profile: true });
    expect(await executable.profile!()).toEqual([]);
    for (let step = 0; step < 3; step++) await executable.step(feeds);
    const before = await executable.readState();
    const entries = await executable.profile!();
    const counts = new Map<string, number>();
    for (const { operation, count } of entries) counts.set(operation, (counts.get(operation) ?? 0) + count);
    // the image is no parameter, so that one gradient of an input is enough
    expect(Object.fromEntries(counts)).toMatchObject({
      'convolution forward': 2,
      'convolution backward data': 1,
      'convolution backward weights': 2,
      'other operations, not oneDNN': 0,
    });
    for (const { milliseconds } of entries) expect(milliseconds).toBeGreaterThanOrEqual(0);
    expect(entries[0]).toMatchObject({ shape: expect.stringMatching(/\w/), scope: '' });
    expect(await executable.readState()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is not there unless asked for', async () => {
    executable = await tfjsBackend.compile(training(), { state });
    expect(executable.profile).toBeUndefined();
  });

  test('says that oneDNN is turned off', async () => {
    executable = await tfjsBackend.compile(training(), { state, profile: true });
    await executable.step(feeds);
    vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', '0');
    await expect(executable.profile!()).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      message: expect.stringContaining('TF_ENABLE_ONEDNN_OPTS=0'),
    });
  });

  test('a frozen program, without state', async () => {
    const graph = new Graph();
    const x = graph.input('image', image);
    const weight = graph.constant(patternFill('profile', 'frozen', [16, 16, 3, 3]));
    const logits = matmul(
      reshape(conv2d(x, weight), [8, 3136]),
      graph.constant(patternFill('profile', 'fc', [3136, 4])),
    );
    executable = await tfjsBackend.compile(program({ name: 'frozen', outputs: { logits } }), {
      profile: true,
    });
    await executable.step({ image: feeds.image });
    expect(await executable.profile!()).toContainEqual(
      expect.objectContaining({ operation: 'convolution forward', count: 1 }),
    );
  });
});

test('a process that fails says why', async () => {
  const order = {
    file: '/nowhere/tfjs.js',
    folder: '',
    tag: '',
    state: null,
    feeds: {},
    warmUp: 0,
    steps: 1,
  };
  await expect(replay(order, new PrimitiveLog(), 'student')).rejects.toMatchObject({
    code: 'BACKEND_FAILED',
    message: expect.stringMatching(
      /^profiling 'student' in a process of its own failed: Error: Cannot find module '\/nowhere\/tfjs.js'/,
    ),
  });
});
