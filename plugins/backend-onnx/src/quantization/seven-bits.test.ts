import type { Feeds } from '@limbeck/core/backend';
import { bindState, conv2d, Graph, globalAveragePool, program, relu, type TensorData } from '@limbeck/graph';
import { patternFill } from '@limbeck/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { onnxBackend } from '../backend.js';
import { findWeightBits } from './weight-bits.js';

vi.mock('./weight-bits.js', () => ({ findWeightBits: vi.fn() }));
afterEach(() => vi.resetAllMocks());

const image = [4, 3, 8, 8];
const fill = (name: string, shape: number[], scale: number) =>
  patternFill('seven', name, shape, (u) => u * scale);

function network() {
  const graph = new Graph();
  const values = new Map<string, TensorData>([
    ['first', fill('first', [16, 3, 3, 3], 0.5)],
    ['second', fill('second', [16, 16, 3, 3], 0.2)],
  ]);
  const first = relu(
    conv2d(graph.input('image', image), graph.state('first', [16, 3, 3, 3]), { padding: 1 }),
  );
  const second = relu(conv2d(first, graph.state('second', [16, 16, 3, 3]), { padding: 1 }));
  const outputs = { embedding: globalAveragePool(second) };
  return bindState(program({ name: 'network', outputs }), values);
}

async function embedding(bits?: 7 | 8): Promise<Float32Array> {
  const batches: Feeds[] = [{ image: fill('image', image, 2) }];
  if (bits !== undefined) vi.mocked(findWeightBits).mockResolvedValue(bits);
  const how = bits === undefined ? {} : { precision: 'int8' as const, calibration: { batches } };
  const executable = await onnxBackend.compile(network(), { threads: 1, ...how });
  const { embedding: result } = await executable.step({ image: fill('image', image, 2) });
  const values = (result!.data as Float32Array).slice();
  await executable.dispose();
  return values;
}

test('a CPU that cuts off sums gets weights of 7 bits: a little coarser than 8, and sound', async () => {
  const [exact, eight, seven] = [await embedding(), await embedding(8), await embedding(7)];
  const error = (rounded: Float32Array) =>
    Math.sqrt(
      rounded.reduce((sum, value, i) => sum + (value - exact[i]!) ** 2, 0) /
        exact.reduce((sum, value) => sum + value ** 2, 0),
    );
  expect(error(eight)).toBeLessThan(0.01);
  expect(error(seven)).toBeLessThan(0.02);
  expect(seven).not.toEqual(eight);
});
