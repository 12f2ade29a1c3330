import { type TensorflowAttribute, type TensorflowType, tfAttr } from '@limbeck/formats';
import { broadcastShapes, type DType, isLayerGradient, sameShape, sizeOf, type Tensor } from '@limbeck/graph';
import { addBias } from './bias.js';
import { isLogical, type Layout, logical } from './layout.js';
import type { Claim, LayoutOf, Lowering, LoweringContext, None } from './lowering.js';

/** What a stretched tensor was before; the operation that reads it stretches it by itself. */
const unstretched = (tensor: Tensor): Tensor =>
  tensor.operation.name === 'broadcastTo' ? unstretched(tensor.inputs[0]!) : tensor;

/** The operands of an elementwise operation, not stretched where the others reach the result's shape alone. */
export function operandsOf(node: Tensor): readonly Tensor[] {
  const narrow = node.inputs.map(unstretched);
  const reached = narrow.map(({ shape }) => shape).reduce((a, b) => broadcastShapes('broadcast', a, b, ''));
  return sameShape(reached, node.shape) ? narrow : node.inputs;
}

/** The layout most of what is read lies in: that of the largest operand which is not in the program's own. */
export const followOperands = (node: Tensor, layoutOf: LayoutOf): Layout => {
  const rank = node.shape.length;
  const moved = operandsOf(node).filter(
    (operand) => operand.shape.length === rank && !isLogical(layoutOf(operand)),
  );
  const largest = moved.sort((a, b) => sizeOf(b.shape) - sizeOf(a.shape))[0];
  return largest === undefined ? logical(rank) : layoutOf(largest);
};

/** The operands in the layout of the result. */
const readOperands = ({ graph, node, layout }: LoweringContext<unknown>, type?: TensorflowType): string[] =>
  operandsOf(node).map((operand) => graph.readBroadcast(operand, layout, type));

/** An operation that TensorFlow knows as one operator over operands of one element type. */
export const same = (
  op: string,
  attributes: Readonly<Record<string, TensorflowAttribute>> = {},
): Lowering<None> => ({
  layout: followOperands,
  lower: (context) => {
    const { graph, node } = context;
    // comparisons give another type than they take
    const taken = node.inputs[0]!.dtype;
    const type = node.dtype === taken ? graph.typeOf(node) : taken;
    return graph.typed(op, type, readOperands(context, type), attributes);
  },
});

/** The same without an attribute for the type: operators on truth values. */
export const logicalOperator = (op: string): Lowering<None> => ({
  layout: followOperands,
  lower: (context) => context.graph.emit(op, readOperands(context)),
});

export const cast: Lowering<{ readonly to: DType }> = {
  layout: followOperands,
  lower: ({ graph, node, attributes, layout }) =>
    graph.cast(graph.read(node.inputs[0]!, layout), node.inputs[0]!.dtype, attributes.to),
};

const addition = same('AddV2');

export const add: Lowering<None> = {
  layout: (node, layoutOf, attributes) => addition.layout!(node, layoutOf, attributes),
  lower: (context) => addBias(context) ?? addition.lower(context),
};

export const where: Lowering<None> = {
  layout: followOperands,
  lower: (context) =>
    context.graph.emit('SelectV2', readOperands(context), { T: tfAttr.type(context.node.dtype) }),
};

/** The layout of the ReLU's result, beside which the gradient is laid. */
export const followRelu = (node: Tensor, layoutOf: LayoutOf): Layout => layoutOf(node.inputs[1]!);

export const reluGradient: Claim<None> = {
  when: ({ dtype }) => dtype === 'float32',
  layout: followRelu,
  lower: ({ graph, node, layout }) => {
    const type = graph.typeOf(node);
    const [dy, y] = node.inputs.map((input) => graph.read(input, layout, type)) as [string, string];
    // a product with a step
    if (isLayerGradient(node.inputs[0]!)) return graph.typed('ReluGrad', type, [dy, y]);
    const zero = graph.cast(graph.float(0), 'float32', type);
    const open = graph.typed('Greater', type, [y, zero]);
    return graph.emit('SelectV2', [open, dy, zero], { T: tfAttr.type(type) });
  },
};
