import type { Shape } from '@limbeck/graph';
import { axesInMemory, inMemory } from '../../lowering/layout.js';
import { followFirst } from '../../lowering/shape.js';
import type { Kernel } from './kernel.js';

export const reshape: Kernel<{ readonly shape: Shape }> = {
  lower: ({ graph, node, attributes }) =>
    graph.reshape(node.dtype, graph.inOrder(node.inputs[0]!), attributes.shape),
};

/** No data moves: the same memory is read with its axes called otherwise. */
export const transpose: Kernel<{ readonly order: readonly number[] }> = {
  layout: (node, layoutOf, { order }) => layoutOf(node.inputs[0]!).map((axis) => order.indexOf(axis)),
  lower: ({ graph, node, attributes: { order }, layout }) =>
    graph.read(
      node.inputs[0]!,
      layout.map((axis) => order[axis]!),
    ),
};

export const broadcastTo: Kernel<{ readonly shape: Shape }> = {
  onDemand: true,
  lower: ({ graph, node, attributes: { shape }, layout }) => graph.stretched(node.inputs[0]!, layout, shape),
};

type SliceAttributes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

export const slice: Kernel<SliceAttributes> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { starts, ends, steps }, layout }) => {
    const [begin, end, strides] = [starts, ends, steps].map((list) => inMemory(list, layout)) as [
      number[],
      number[],
      number[],
    ];
    return graph.stridedSlice(graph.read(node.inputs[0]!, layout), begin, end, strides, node.dtype);
  },
};

type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

export const pad: Kernel<PadAttributes> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { before, after, value }, layout }) => {
    const pairs = before.map((n, axis) => [n, after[axis]!] as const);
    return graph.pad(graph.read(node.inputs[0]!, layout), inMemory(pairs, layout), value);
  },
};

export const concat: Kernel<{ readonly axis: number }> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { axis }, layout }) =>
    graph.concat(
      node.inputs.map((input) => graph.read(input, layout)),
      layout.indexOf(axis),
    ),
};

export const reverse: Kernel<{ readonly axes: readonly number[] }> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { axes }, layout }) =>
    graph.moved([graph.read(node.inputs[0]!, layout)], node.dtype, ([x]) =>
      graph.emit('Reverse', { x: x! }, { dims: axesInMemory(axes, layout) }),
    ),
};
