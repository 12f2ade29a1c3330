import { type DType, sizeOf, type Tensor } from '@limbeck/graph';
import { followOperands, operandsOf, reluOf } from '../../lowering/elementwise.js';
import { inMemory } from '../../lowering/layout.js';
import type { None } from '../../lowering/lowering.js';
import type { Kernel, KernelContext } from './kernel.js';
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
  layout: (node, layoutOf) => {
    const y = reluOf(node);
    return y === undefined ? followOperands(node, layoutOf) : layoutOf(y);
  },
  lower: ({ graph, node, layout }) => {
    const y = reluOf(node);
    if (y !== undefined) {
      const open = graph.emit('Step', { x: graph.read(y, layout) }, { alpha: 0 });
      return graph.emit('Multiply', { a: graph.readBroadcast(operandsOf(node)[1]!, layout), b: open });
    }
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
