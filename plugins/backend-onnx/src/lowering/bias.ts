import { attr } from '@limbeck/formats';
import { type Conv2dAttributes, constantData, isConstant, type Shape, type Tensor } from '@limbeck/graph';
import { convolution } from './convolution.js';
import type { LoweringContext } from './lowering.js';

/** True for [C, 1, ..., 1], with any number of ones in front: one number a channel of [N, C, ...]. */
const isPerChannel = (shape: Shape, channels: number, trailing: number): boolean => {
  const last = shape.length - 1 - trailing;
  return shape[last] === channels && shape.every((size, axis) => axis === last || size === 1);
};

/**
 * A sum of a convolution or a matrix product and one number a channel is one node with a bias, where nothing else reads
 * the product. The node without the bias then stays behind unused.
 */
export function addBias({ model, node }: LoweringContext<unknown>): string | undefined {
  const [a, b] = node.inputs as [Tensor, Tensor];
  const [product, bias] = a.operation.name === 'conv2d' || a.operation.name === 'matmul' ? [a, b] : [b, a];
  const vector = () => {
    const channels = Math.max(...bias.shape);
    if (bias.shape.length === 1) return model.valueOf(bias);
    if (isConstant(bias)) return model.constant({ ...constantData(bias), shape: [channels] });
    return model.reshape(model.valueOf(bias), [channels]);
  };
  if (product.dtype !== 'float32' || !model.facts.hasSoleReader(product)) return undefined;
  // in a program for one example another map of 1x1 looks like one number a channel
  if (model.target.batchAxis?.(bias) !== undefined) return undefined;
  const operands = product.inputs.map((input) => model.valueOf(input));
  if (product.operation.name === 'conv2d' && isPerChannel(bias.shape, product.shape[1]!, 2)) {
    return convolution(model, product, product.attributes as unknown as Conv2dAttributes, vector());
  }
  const isMatrix = product.shape.length === 2 && product.operation.name === 'matmul';
  if (
    isMatrix &&
    isPerChannel(bias.shape, product.shape[1]!, 0) &&
    (bias.shape.length === 1 || isConstant(bias))
  ) {
    const { transposeA, transposeB } = product.attributes;
    const attributes = { transA: attr.int(Number(transposeA)), transB: attr.int(Number(transposeB)) };
    return model.emit('Gemm', [...operands, vector()], attributes);
  }
  return undefined;
}
