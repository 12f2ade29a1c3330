import { add, conv2dInputGradient, type Pair, reshape, type Tensor } from '@limbeck/graph';
import { fans, type Scope, torchDefault, torchDefaultBias } from '@limbeck/nn';

/**
 * Transposed convolution with an offset: x [N, C, H, W] -> [N, out, stride (H - 1) + kernel - 2 padding, ...]. Variables as
 * PyTorch's `ConvTranspose2d`: `weight` [C, out, kernel, kernel] and `bias` [out].
 */
export function transposedConv(
  m: Scope,
  x: Tensor,
  { out, kernel, stride, padding }: { out: number; kernel: number; stride: number; padding: number },
): Tensor {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const shape = [channels, out, kernel, kernel];
  const reach = (length: number) => stride * (length - 1) + kernel - 2 * padding;
  const size: Pair = [reach(height), reach(width)];
  const y = conv2dInputGradient(x, m.parameter('weight', shape, torchDefault), {
    strides: [stride, stride],
    padding: [padding, padding, padding, padding],
    dilation: [1, 1],
    inputDilation: [1, 1],
    groups: 1,
    size,
  });
  const bias = m.parameter('bias', [out], torchDefaultBias(fans(shape).fanIn));
  return add(y, reshape(bias, [out, 1, 1]));
}
