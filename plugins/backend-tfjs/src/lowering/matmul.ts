import { tfAttr } from '@limbeck/formats';
import type { MatmulAttributes, Tensor } from '@limbeck/graph';
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
    const [a, b] = node.inputs as [Tensor, Tensor];
    if (b.shape.length === 2 && !transposeA) {
      // one matrix for a whole batch: one product over all rows
      const rows = graph.reshape(node.dtype, operands[0]!, [-1, a.shape.at(-1)!]);
      const products = graph.typed('MatMul', node.dtype, [rows, operands[1]!], {
        transpose_a: tfAttr.bool(false),
        transpose_b: tfAttr.bool(transposeB),
      });
      return graph.reshape(node.dtype, products, graph.shapeOf(node));
    }
    return graph.typed('BatchMatMulV2', node.dtype, operands, {
      adj_x: tfAttr.bool(transposeA),
      adj_y: tfAttr.bool(transposeB),
    });
  },
};
