import { type DType, isLayerGradient, sizeOf, type Tensor } from '@limbeck/graph';
import { followOperands, followRelu, operandsOf } from '../../lowering/elementwise.js';
import { inMemory } from '../../lowering/layout.js';
import type { None } from '../../lowering/lowering.js';
import type { Kernel, KernelClaim, KernelContext } from './kernel.js';
import type { Slot } from './plan.js';

/** The operands in the layout of the result. */
const readOperands = ({ graph, node, layout }: KernelContext<unknown>): Slot[] =>
  operandsOf(node).map((operand) => graph.readBroadcast(operand, layout));

/** A kernel of one operand. */
export const unary = (kernel: string): Kernel<None> => ({
  layout: followOperands,
  lower: ({ graph, node, layout }) => graph.emit(kernel, { x: graph.read(node.inputs[0]!, layout) }),
});

/** A kernel of two operands, which stretches them. */
export const binary = (kernel: string): Kernel<None> => ({
  layout: followOperands,
  lower: (context) => {
    const [a, b] = readOperands(context) as [Slot, Slot];
    return context.graph.emit(kernel, { a, b });
  },
});

export const cast: Kernel<{ readonly to: DType }> = {
  layout: followOperands,
  lower: ({ graph, node, attributes, layout }) =>
    graph.cast(graph.read(node.inputs[0]!, layout), node.inputs[0]!.dtype, attributes.to),
};

export const where: Kernel<None> = {
  layout: followOperands,
  lower: ({ graph, node, layout }) => {
    const [condition, ...choices] = node.inputs.map((input: Tensor) =>
      graph.stretched(input, layout, node.shape),
    ) as [Slot, Slot, Slot];
    // element by element the axes do not matter, and the kernel for graphics processors follows four of them
    const flat = (value: Slot, dtype: DType) => graph.reshape(dtype, value, [sizeOf(node.shape)]);
    const chosen = graph.moved(choices, node.dtype, ([t, e]) =>
      graph.emit('Select', {
        condition: flat(condition, 'bool'),
        t: flat(t!, node.dtype),
        e: flat(e!, node.dtype),
      }),
    );
    return graph.reshape(node.dtype, chosen, inMemory(node.shape, layout));
  },
};

export const reluGradient: KernelClaim<None> = {
  layout: followRelu,
  lower: ({ graph, node, layout }) => {
    const [dy, y] = node.inputs.map((input) => graph.read(input, layout)) as [Slot, Slot];
    if (isLayerGradient(node.inputs[0]!))
      return graph.emit('Multiply', { a: dy, b: graph.emit('Step', { x: y }, { alpha: 0 }) });
    // one shape, so that no stretching is needed; the kernel for graphics processors follows four axes
    const flat = (value: Slot) => graph.reshape('float32', value, [sizeOf(node.shape)]);
    const condition = graph.emit('Greater', { a: flat(y), b: graph.scalar(0) });
    const closed = graph.emit('ZerosLike', { x: flat(dy) });
    const chosen = graph.emit('Select', { condition, t: flat(dy), e: closed });
    return graph.reshape('float32', chosen, inMemory(node.shape, layout));
  },
};

/** The kernel of the WASM backend takes small numbers and NaN for zero: there the sign is what two comparisons say. */
export const sign: Kernel<None> = {
  layout: followOperands,
  lower: ({ graph, node, layout }) => {
    const x = graph.read(node.inputs[0]!, layout);
    if (graph.target.device !== 'wasm') return graph.emit('Sign', { x });
    const zeros = graph.emit('ZerosLike', { x });
    const asFloat = (value: Slot) => graph.cast(value, 'bool', 'float32');
    const above = asFloat(graph.emit('Greater', { a: x, b: zeros }));
    const below = asFloat(graph.emit('Less', { a: x, b: zeros }));
    const known = graph.emit('Equal', { a: x, b: x });
    return graph.emit('Select', { condition: known, t: graph.emit('Sub', { a: above, b: below }), e: x });
  },
};
