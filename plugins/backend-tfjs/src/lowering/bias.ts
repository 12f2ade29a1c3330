import { tfAttr } from '@limbeck/formats';
import { sizeOf, type Tensor } from '@limbeck/graph';
import { nhwc, sameLayout } from './layout.js';
import type { LoweringContext } from './lowering.js';

/** True for [C, 1, 1] or [1, C, 1, 1]: one number a channel of [N, C, H, W]. */
const isPerChannel = ({ shape }: Tensor, channels: number): boolean =>
  shape.length >= 3 && shape[shape.length - 3] === channels && sizeOf(shape) === channels;

/** A map plus one number a channel is one operator, which TensorFlow fuses into a convolution before it. */
export function addBias({ graph, node, layout }: LoweringContext<unknown>): string | undefined {
  if (node.shape.length !== 4 || node.dtype !== 'float32' || !sameLayout(layout, nhwc)) return undefined;
  const channels = node.shape[1]!;
  const [a, b] = node.inputs as [Tensor, Tensor];
  const [map, bias] = isPerChannel(b, channels) ? [a, b] : [b, a];
  if (!isPerChannel(bias, channels) || sizeOf(map.shape) !== sizeOf(node.shape)) return undefined;
  const vector = graph.reshape(bias.dtype, graph.inOrder(bias), [channels]);
  return graph.typed('BiasAdd', node.dtype, [graph.read(map, nhwc), vector], {
    data_format: tfAttr.string('NHWC'),
  });
}
