import { attr } from '@limbeck/formats';
import type { MatmulAttributes } from '@limbeck/graph';
import type { Lowering } from './lowering.js';

export const matmul: Lowering<MatmulAttributes> = (inputs, { model, node, attributes }) => {
  const { transposeA, transposeB } = attributes;
  const flags = { transA: attr.int(Number(transposeA)), transB: attr.int(Number(transposeB)) };
  if (node.inputs.every((input) => input.shape.length === 2 && input.dtype === 'float32'))
    return model.emit('Gemm', inputs, flags);
  const operands = inputs.map((input, side) => {
    if (!(side === 0 ? transposeA : transposeB)) return input;
    const order = node.inputs[side]!.shape.map((_, axis) => axis);
    return model.transpose(input, [...order.slice(0, -2), order.at(-1)!, order.at(-2)!]);
  });
  return model.emit('MatMul', operands);
};
