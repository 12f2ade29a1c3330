import { type TensorflowAttribute, type TensorflowType, tfAttr } from '@limbeck/formats';
import {
  broadcastShapes,
  constantData,
  type DType,
  isConstant,
  sameShape,
  sizeOf,
  type Tensor,
} from '@limbeck/graph';
import { addBias } from './bias.js';
import { isLogical, type Layout, logical } from './layout.js';
import type { LayoutOf, Lowering, LoweringContext, None } from './lowering.js';

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

const isZero = (tensor: Tensor): boolean =>
  isConstant(tensor) && tensor.shape.length === 0 && constantData(tensor).data[0] === 0;

/** The result of a ReLU whose gradient a selection is: where(0 < y, dy, 0). */
export function reluOf({ inputs, dtype, shape }: Tensor): Tensor | undefined {
  const [condition, kept, otherwise] = inputs as [Tensor, Tensor, Tensor];
  if (condition.operation.name !== 'less' || dtype !== 'float32') return undefined;
  const [low, y] = condition.inputs as [Tensor, Tensor];
  const fits = y.dtype === dtype && sameShape(y.shape, shape) && sameShape(kept.shape, shape);
  return isZero(low) && isZero(otherwise) && fits ? y : undefined;
}

export const where: Lowering<None> = {
  layout: (node, layoutOf) => {
    const y = reluOf(node);
    return y === undefined ? followOperands(node, layoutOf) : layoutOf(y);
  },
  lower: (context) => {
    const { graph, node, layout } = context;
    const y = reluOf(node);
    const type = graph.typeOf(node);
    if (y !== undefined)
      return graph.typed('ReluGrad', type, [
        graph.read(node.inputs[1]!, layout, type),
        graph.read(y, layout, type),
      ]);
    return graph.emit('SelectV2', readOperands(context), { T: tfAttr.type(node.dtype) });
  },
};
