import { tfAttr } from '@limbeck/formats';
import type { MatmulAttributes } from '@limbeck/graph';
import type { Lowering } from './lowering.js';

export const matmul: Lowering<MatmulAttributes> = {
  lower: ({ graph, node, attributes: { transposeA, transposeB } }) => {
    const operands = node.inputs.map((input) => graph.read(input));
    if (node.inputs.every((input) => input.shape.length === 2)) {
      return graph.typed('MatMul', node.dtype, operands, {
        transpose_a: tfAttr.bool(transposeA),
        transpose_b: tfAttr.bool(transposeB),
      });
    }
    return graph.typed('BatchMatMulV2', node.dtype, operands, {
      adj_x: tfAttr.bool(transposeA),
      adj_y: tfAttr.bool(transposeB),
    });
  },
};
