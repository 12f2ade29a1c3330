import type { Calibration, Feeds } from '@limbeck/core/backend';
import {
  add,
  bindState,
  conv2d,
  Graph,
  globalAveragePool,
  matmul,
  type Program,
  program,
  relu,
} from '@limbeck/graph';
import { patternFill } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { onnxBackend } from '../backend.js';
import { loadRuntime } from '../runtime.js';
import { findWeightBits } from './weight-bits.js';

/** Steps between weights are twice as large where a CPU takes 7 bits of them. */
const coarseness = (await findWeightBits(await loadRuntime())) === 8 ? 1 : 2;

const image = [4, 3, 8, 8];
const [width, classes] = [16, 5];
const batches: readonly Feeds[] = [0, 1].map((i) => ({
  image: patternFill('classifier', `image ${i}`, image, (u) => 2 * u),
}));

/** Two convolutions and a classifier, whose weights are [classes, width] or [width, classes]. */
function network(transposeB: boolean, hasBias: boolean): Program {
  const graph = new Graph();
  const shapes = {
    first: [width, 3, 3, 3],
    second: [width, width, 3, 3],
    weight: transposeB ? [classes, width] : [width, classes],
    bias: [classes],
  };
  const fill = (name: string, shape: number[]) =>
    patternFill('classifier', name, shape, (u) => u * (name === 'bias' ? 1 : 3 / Math.sqrt(shape[1]! * 9)));
  const state = (name: keyof typeof shapes) => graph.state(name, shapes[name]);
  const first = relu(conv2d(graph.input('image', image), state('first'), { padding: 1 }));
  const embedding = globalAveragePool(relu(conv2d(first, state('second'), { padding: 1 })));
  const product = matmul(embedding, state('weight'), { transposeB });
  const outputs = { embedding, logits: hasBias ? add(product, state('bias')) : product };
  const target = program({ name: 'network', outputs });
  const values = Object.entries(shapes).filter(([name]) => hasBias || name !== 'bias');
  return bindState(target, new Map(values.map(([name, shape]) => [name, fill(name, shape)])));
}

async function run(target: Program, calibration?: Calibration) {
  const how = calibration === undefined ? {} : { precision: 'int8' as const, calibration };
  const executable = await onnxBackend.compile(target, { threads: 1, profile: true, ...how });
  const fetches = await executable.step({ image: batches[0]!.image! });
  const operations = (await executable.profile!()).map(({ operation }) => operation);
  const [embedding, logits] = ['embedding', 'logits'].map((name) =>
    (fetches[name]!.data as Float32Array).slice(),
  ) as [Float32Array, Float32Array];
  await executable.dispose();
  return { embedding, logits, operations };
}

/** Largest difference as a share of the largest value. */
function error(a: Float32Array, b: Float32Array): number {
  const largest = (values: Float32Array) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(a.map((value, i) => value - b[i]!)) / largest(b);
}

test.each([
  [true, true],
  [true, false],
  [false, true],
  [false, false],
])('a classifier in int8 stays close to float32 (weights transposed: %s, bias: %s)', async (...layout) => {
  const target = network(...layout);
  const exact = await run(target);
  const float = await run(target, { batches });
  const rounded = await run(target, { batches, classifier: 'int8' });
  expect(rounded.embedding).toEqual(float.embedding);
  expect(rounded.logits).not.toEqual(float.logits);
  expect(error(rounded.logits, float.logits)).toBeLessThan(0.01 * coarseness);
  expect(error(rounded.logits, exact.logits)).toBeLessThan(0.02 * coarseness);
  expect(float.operations).not.toContain('QGemm');
  expect(rounded.operations).toContain('QGemm');
});
