import { tfAttr } from '@limbeck/formats';
import { type Shape, type Tensor, tensorData } from '@limbeck/graph';
import type { GraphBuilder } from './graph-builder.js';
import { axesInMemory, inMemory, type Layout } from './layout.js';
import type { LayoutOf, Lowering } from './lowering.js';

/** The layout of the first operand, whose axes are those of the result. */
export const followFirst = (node: Tensor, layoutOf: LayoutOf): Layout => layoutOf(node.inputs[0]!);

export const broadcastTo: Lowering<{ readonly shape: Shape }> = {
  onDemand: true,
  lower: ({ graph, node, layout }) => {
    const small = graph.readBroadcast(node.inputs[0]!, layout);
    const shape = graph.sizes(inMemory(graph.shapeOf(node), layout));
    return graph.typed('BroadcastTo', node.dtype, [small, shape], {
      Tidx: tfAttr.type('int32'),
    });
  },
};

type SliceAttributes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

export const slice: Lowering<SliceAttributes> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { starts, ends, steps }, layout }) => {
    const batch = graph.batchAxis(node);
    const bounds = [starts, ends.map((end, axis) => (axis === batch ? wholeAxis : end)), steps].map((list) =>
      graph.ints(inMemory(list, layout)),
    );
    return graph.typed('StridedSlice', node.dtype, [graph.read(node.inputs[0]!, layout), ...bounds], {
      Index: tfAttr.type('int32'),
      ...Object.fromEntries(masks.map((mask) => [mask, tfAttr.int(0)])),
    });
  },
};

/** An end beyond every axis, which the operator takes for the end of the axis. */
const wholeAxis = 2 ** 31 - 1;

const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];

/** Before and after each axis, as the padding operators take them. */
export const paddings = (graph: GraphBuilder, before: readonly number[], after: readonly number[]): string =>
  graph.constant({
    dtype: 'int32',
    shape: [before.length, 2],
    data: Int32Array.from(before.flatMap((n, axis) => [n, after[axis]!])),
  });

type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

export const pad: Lowering<PadAttributes> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { before, after, value }, layout }) => {
    const filling = tensorData(node.dtype, []);
    filling.data[0] = value;
    const around = paddings(graph, inMemory(before, layout), inMemory(after, layout));
    const operands = [graph.read(node.inputs[0]!, layout), around, graph.constant(filling)];
    return graph.typed('PadV2', node.dtype, operands, { Tpaddings: tfAttr.type('int32') });
  },
};

/** A value in a layout; what is the same for every example was written for one, and is there once for each. */
function readForEach(graph: GraphBuilder, input: Tensor, node: Tensor, layout: Layout): string {
  const value = graph.read(input, layout);
  const batch = graph.batchAxis(node);
  if (batch === undefined || graph.batchAxis(input) !== undefined) return value;
  const shape = input.shape.map((size, axis) => (axis === batch ? -1 : size));
  return graph.typed('BroadcastTo', node.dtype, [value, graph.sizes(inMemory(shape, layout))], {
    Tidx: tfAttr.type('int32'),
  });
}

export const concat: Lowering<{ readonly axis: number }> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { axis }, layout }) => {
    const operands = node.inputs.map((input) => readForEach(graph, input, node, layout));
    if (operands.length === 1) return operands[0]!;
    return graph.typed('ConcatV2', node.dtype, [...operands, graph.int(layout.indexOf(axis))], {
      N: tfAttr.int(operands.length),
      Tidx: tfAttr.type('int32'),
    });
  },
};

export const reverse: Lowering<{ readonly axes: readonly number[] }> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { axes }, layout }) => {
    const operands = [graph.read(node.inputs[0]!, layout), graph.ints(axesInMemory(axes, layout))];
    return graph.typed('ReverseV2', node.dtype, operands, { Tidx: tfAttr.type('int32') });
  },
};
