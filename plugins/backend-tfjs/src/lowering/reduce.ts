import { tfAttr } from '@limbeck/formats';
import { keptShape, type ReduceAttributes, type Tensor } from '@limbeck/graph';
import { axesInMemory, isReshape, type Layout, logical } from './layout.js';
import type { LayoutOf, Lowering, None } from './lowering.js';
import type { PlacedValues } from './placed-values.js';

/** The layout to reduce in: the one at hand where what is left lies as in the program. */
export function orderFor<Value>(graph: PlacedValues<Value>, x: Tensor, axes: readonly number[]): Layout {
  const [native, own] = [graph.nativeLayout(x), logical(x.shape.length)];
  return isReshape(keptShape(graph.shapeOf(x), axes), native, own) ? native : own;
}

/** What is kept with size 1 stays where it is. */
export const reducedLayout = (node: Tensor, layoutOf: LayoutOf, { keepDims }: ReduceAttributes): Layout =>
  keepDims ? layoutOf(node.inputs[0]!) : logical(node.shape.length);

const reduction = (op: string): Lowering<ReduceAttributes> => ({
  layout: reducedLayout,
  lower: ({ graph, node, attributes: { axes, keepDims }, layout }) => {
    const x = node.inputs[0]!;
    const order = keepDims ? layout : orderFor(graph, x, axes);
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
export const globalAveragePool: Lowering<None> = {
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    const layout = orderFor(graph, x, [2, 3]);
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
