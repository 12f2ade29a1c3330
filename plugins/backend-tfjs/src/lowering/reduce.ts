import { tfAttr } from '@limbeck/formats';
import { keptShape, type ReduceAttributes, type Shape } from '@limbeck/graph';
import { axesInMemory, isReshape, type Layout, logical } from './layout.js';
import type { LayoutOf, Lowering } from './lowering.js';

/** True where what is left after reducing in this layout is in the program's order. */
export const keepsOrder = (shape: Shape, axes: readonly number[], layout: Layout): boolean =>
  isReshape(keptShape(shape, axes), layout, logical(shape.length));

const reduction = (op: string): Lowering<ReduceAttributes> => ({
  layout: (node, layoutOf: LayoutOf, { keepDims }) =>
    keepDims ? layoutOf(node.inputs[0]!) : logical(node.shape.length),
  lower: ({ graph, node, attributes: { axes, keepDims }, layout }) => {
    const x = node.inputs[0]!;
    const native = graph.nativeLayout(x);
    const order = keepDims
      ? layout
      : keepsOrder(graph.shapeOf(x), axes, native)
        ? native
        : logical(x.shape.length);
    return graph.typed(op, node.dtype, [graph.read(x, order), graph.ints(axesInMemory(axes, order))], {
      Tidx: tfAttr.type('int32'),
      keep_dims: tfAttr.bool(keepDims),
    });
  },
});

export const sum = reduction('Sum');
export const reduceMax = reduction('Max');

export const argMax: Lowering<{ readonly axis: number }> = {
  lower: ({ graph, node, attributes }) => {
    const x = node.inputs[0]!;
    return graph.typed('ArgMax', x.dtype, [graph.read(x), graph.int(attributes.axis)], {
      Tidx: tfAttr.type('int32'),
      output_type: tfAttr.type('int32'),
    });
  },
};

/** Mean over positions: [N, C, H, W] -> [N, C]. */
export const globalAveragePool: Lowering<Record<never, never>> = {
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    const order = graph.nativeLayout(x);
    const layout = keepsOrder(graph.shapeOf(x), [2, 3], order) ? order : logical(4);
    return graph.typed(
      'Mean',
      node.dtype,
      [graph.read(x, layout), graph.ints(axesInMemory([2, 3], layout))],
      {
        Tidx: tfAttr.type('int32'),
        keep_dims: tfAttr.bool(false),
      },
    );
  },
};
