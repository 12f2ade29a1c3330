import type { ReduceAttributes } from '@limbeck/graph';
import { axesInMemory, inMemory } from '../../lowering/layout.js';
import type { None } from '../../lowering/lowering.js';
import { orderFor, reducedLayout } from '../../lowering/reduce.js';
import type { Kernel } from './kernel.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';
import { type Totalled, totals } from './totals.js';

type Reduce = (graph: PlanBuilder, x: Slot, reduced: Totalled) => Slot;

const reduction = (reduce: Reduce): Kernel<ReduceAttributes> => ({
  layout: reducedLayout,
  lower: ({ graph, node, attributes: { axes, keepDims }, layout }) => {
    const x = node.inputs[0]!;
    const order = keepDims ? layout : orderFor(graph, x, axes);
    return reduce(graph, graph.read(x, order), {
      sizes: inMemory(x.shape, order),
      axes: axesInMemory(axes, order),
      keepDims,
    });
  },
});

export const sum = reduction(totals);

export const reduceMax = reduction((graph, x, { axes, keepDims }) =>
  graph.emit('Max', { x }, { reductionIndices: axes, keepDims }),
);

export const argMax: Kernel<{ readonly axis: number }> = {
  lower: ({ graph, node, attributes: { axis } }) =>
    graph.emit('ArgMax', { x: graph.read(node.inputs[0]!) }, { axis }),
};

/** Mean over positions: [N, C, H, W] -> [N, C]. */
export const globalAveragePool: Kernel<None> = {
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    const order = orderFor(graph, x, [2, 3]);
    return graph.emit(
      'Mean',
      { x: graph.read(x, order) },
      { axis: axesInMemory([2, 3], order), keepDims: false },
    );
  },
};
