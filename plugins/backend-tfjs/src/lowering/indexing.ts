import { tfAttr } from '@limbeck/formats';
import { sizeOf, type Tensor } from '@limbeck/graph';
import type { Lowering } from './lowering.js';

export const gather: Lowering<{ readonly axis: number }> = {
  lower: ({ graph, node, attributes }) =>
    graph.emit('GatherV2', [...node.inputs.map((input) => graph.read(input)), graph.int(attributes.axis)], {
      Tparams: tfAttr.type(node.dtype),
      Tindices: tfAttr.type('int32'),
      Taxis: tfAttr.type('int32'),
      batch_dims: tfAttr.int(0),
    }),
};

type ScatterAttributes = { readonly axis: number; readonly size: number };

/** Sums of the parts that go to the same place. */
export const scatterAdd: Lowering<ScatterAttributes> = {
  lower: ({ graph, node, attributes: { axis, size } }) => {
    const [dy, indices] = node.inputs as [Tensor, Tensor];
    const { dtype, shape } = node;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const picked = sizeOf(indices.shape);
    const parts = graph.reshape(dtype, graph.inOrder(dy), [outer, picked, inner]);
    // the axis comes first, where the operator wants it
    const rows = graph.transpose(dtype, parts, [1, 0, 2]);
    const places = graph.reshape('int32', graph.inOrder(indices), [picked]);
    const operands = [rows, places, graph.int(size)];
    const sums = graph.typed('UnsortedSegmentSum', dtype, operands, {
      Tindices: tfAttr.type('int32'),
      Tnumsegments: tfAttr.type('int32'),
    });
    return graph.reshape(dtype, graph.transpose(dtype, sums, [1, 0, 2]), shape);
  },
};

/** Indices outside the classes give a row of zeros. */
export const oneHot: Lowering<{ readonly classes: number }> = {
  lower: ({ graph, node, attributes: { classes } }) =>
    graph.typed(
      'OneHot',
      'float32',
      [graph.read(node.inputs[0]!), graph.int(classes), graph.float(1), graph.float(0)],
      { TI: tfAttr.type('int32'), axis: tfAttr.int(-1) },
    ),
};
