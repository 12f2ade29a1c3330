import { tfAttr } from '@limbeck/formats';
import type { Tensor } from '@limbeck/graph';
import type { Claim, None } from './lowering.js';

const isFloat32 = ({ dtype }: Tensor): boolean => dtype === 'float32';

/** Axes that oneDNN's softmax follows, which TensorFlow takes on the CPU. */
const mostAxes = 5;

/** One operator along the last axis, of one operand. */
export const alongLastAxis = (op: string): Claim<None> => ({
  when: isFloat32,
  lower: ({ graph, node }) => {
    const { dtype, shape } = node;
    const x = graph.read(node.inputs[0]!);
    if (shape.length <= mostAxes) return graph.typed(op, dtype, [x]);
    const rows = graph.reshape(dtype, x, [-1, shape.at(-1)!]);
    return graph.reshape(dtype, graph.typed(op, dtype, [rows]), graph.shapeOf(node));
  },
});

export const softmaxCrossEntropy: Claim<None> = {
  when: isFloat32,
  lower: ({ graph, node }) =>
    graph.typed(
      'SparseSoftmaxCrossEntropyWithLogits',
      node.dtype,
      node.inputs.map((input) => graph.read(input)),
      { Tlabels: tfAttr.type('int32') },
    ),
};
