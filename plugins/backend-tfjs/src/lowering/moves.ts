import type { Tensor } from '@limbeck/graph';
import { followOperands } from './elementwise.js';
import type { LayoutOf, NodeContext, None } from './lowering.js';
import type { PlacedValues } from './placed-values.js';

type Context<Value, A> = NodeContext<PlacedValues<Value>, A>;

/** Other sizes for elements in the same order. */
export const reshape = {
  lower: <Value>({ graph, node }: Context<Value, unknown>): Value =>
    graph.reshape(node.dtype, graph.inOrder(node.inputs[0]!), graph.shapeOf(node)),
};

type TransposeAttributes = { readonly order: readonly number[] };

/** No data moves: the same memory is read with its axes called otherwise. */
export const transpose = {
  layout: (node: Tensor, layoutOf: LayoutOf, { order }: TransposeAttributes) =>
    layoutOf(node.inputs[0]!).map((axis) => order.indexOf(axis)),
  lower: <Value>({ graph, node, attributes, layout }: Context<Value, TransposeAttributes>): Value =>
    graph.read(
      node.inputs[0]!,
      layout.map((axis) => attributes.order[axis]!),
    ),
};

/** The same value. */
export const stopGradient = {
  layout: followOperands,
  lower: <Value>({ graph, node, layout }: Context<Value, None>): Value =>
    graph.read(node.inputs[0]!, layout, graph.typeOf(node)),
};
