import { tfAttr } from '@limbeck/formats';
import type { Tensor } from '@limbeck/graph';
import type { Claim, None } from './lowering.js';

const isFloat32 = ({ dtype }: Tensor): boolean => dtype === 'float32';

/** One operator along the last axis, of one operand. */
export const alongLastAxis = (op: string): Claim<None> => ({
  when: isFloat32,
  lower: ({ graph, node }) => graph.typed(op, node.dtype, [graph.read(node.inputs[0]!)]),
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
