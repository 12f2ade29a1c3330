import {
  abs,
  add,
  argMax,
  broadcastTo,
  concat,
  Graph,
  gather,
  interpret,
  less,
  matmul,
  mul,
  oneHot,
  pad,
  program,
  reduceMax,
  reshape,
  reverse,
  scatterAdd,
  slice,
  softmax,
  sum,
  type Tensor,
  type TensorData,
  tensorData,
  transpose,
  where,
} from '@limbeck/graph';
import { deviationOf, isRequired, patternFill } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import type { KernelsDevice } from './device.js';
import { tfjsKernelsBackend } from './node/backend.js';

const found = await tfjsKernelsBackend.capabilities();
const here = (device: KernelsDevice) =>
  isRequired(`tfjs-${device}`) || (found.available && found.devices.includes(device));

const shapes = [
  [2, 3, 2, 2, 3],
  [2, 1, 3, 2, 2, 2],
] as const;

/** Every operation that takes values of any number of axes, on one of that shape. */
function outputsOf(graph: Graph, shape: readonly number[]): Record<string, Tensor> {
  const rank = shape.length;
  const x = graph.input('x', shape);
  const along = (value: number, axes: readonly number[]) =>
    shape.map((_, axis) => (axes.includes(axis) ? value : 0));
  // each axis on its own is stretched, and turns of kept and stretched ones
  const narrow = graph.input(
    'narrow',
    shape.map((size, axis) => (axis % 2 === 0 ? 1 : size)),
  );
  const every = shape.map((_, axis) => axis);
  const places = graph.input('places', [3], 'int32');
  return {
    stretched: broadcastTo(narrow, shape),
    sum: add(x, narrow),
    less: less(x, narrow),
    chosen: where(less(x, 0), abs(x), narrow),
    turned: transpose(x, [...every].reverse()),
    reversed: reverse(x, { axes: every.filter((axis) => axis % 2 === 0) }),
    back: reverse(x, { axes: [0, 1, rank - 1] }),
    padded: pad(x, { before: along(1, [0, 2, rank - 1]), after: along(2, [1, 2]), value: 3 }),
    stepped: [0, 2, rank - 1].reduce<Tensor>((part, axis) => slice(part, { axis, step: 2 }), x),
    part: [0, 1, rank - 1].reduce<Tensor>((part, axis) => slice(part, { axis, start: -1 }), x),
    side: concat([x, x], { axis: 2 }),
    total: sum(x, { axis: [0, 2, rank - 1] }),
    kept: sum(x, { axis: [1, 3], keepDims: true }),
    largest: reduceMax(x, { axis: [0, 3] }),
    at: argMax(x, { axis: 2 }),
    likelihood: softmax(x),
    product: matmul(x, transpose(x)),
    picked: gather(x, places, { axis: 0 }),
    scattered: scatterAdd(concat([x, slice(x, { axis: 0, end: 1 })], { axis: 0 }), places, {
      axis: 0,
      size: 4,
    }),
    classes: oneHot(reshape(places, [1, 1, 3, 1]), 2),
    integers: mul(reverse(argMax(x, { axis: rank - 1 }), { axes: [0, 2] }), 1),
  };
}

for (const device of ['cpu', 'wasm', 'webgpu'] as const) {
  test.skipIf(!here(device)).each(shapes.map((shape) => [shape.length, shape] as const))(
    `values of %i axes on ${device}`,
    async (_, shape) => {
      const graph = new Graph();
      const target = program({ name: 'axes', outputs: outputsOf(graph, shape) });
      const feeds: Record<string, TensorData> = Object.fromEntries(
        target.inputs.map((input) => {
          const name = String(input.attributes.name);
          return name === 'places'
            ? [name, tensorData('int32', [3], Int32Array.of(1, 0, 1))]
            : [name, patternFill('axes', name, input.shape)];
        }),
      );
      const executable = await tfjsKernelsBackend.compile(target, { device });
      const fetched = await executable.step(feeds);
      for (const [name, expected] of interpret(target, new Map(Object.entries(feeds))).outputs) {
        const actual = fetched[name]!;
        expect(actual.shape, name).toEqual(expected.shape);
        expect(deviationOf(actual.data, expected.data, 1e-3).relative, name).toBeLessThan(1e-5);
      }
      await executable.dispose();
    },
  );
}
