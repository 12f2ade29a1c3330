import { tfAttr } from '@limbeck/formats';
import { sizeOf, type Tensor } from '@limbeck/graph';
import { nhwc, sameLayout } from './layout.js';
import type { LoweringContext } from './lowering.js';

/** True for [C, 1, 1] or [1, C, 1, 1]: one number a channel of [N, C, H, W]. */
const isPerChannel = ({ shape }: Tensor, channels: number): boolean =>
  shape.length >= 3 && shape[shape.length - 3] === channels && sizeOf(shape) === channels;

/** The operands of a sum of a map and one number a channel. */
export function biasOf(node: Tensor): { readonly map: Tensor; readonly bias: Tensor } | undefined {
  if (node.shape.length !== 4 || node.dtype !== 'float32') return undefined;
  const channels = node.shape[1]!;
  const [a, b] = node.inputs as [Tensor, Tensor];
  const [map, bias] = isPerChannel(b, channels) ? [a, b] : [b, a];
  const fits = isPerChannel(bias, channels) && sizeOf(map.shape) === sizeOf(node.shape);
  return fits ? { map, bias } : undefined;
}

/** A map plus one number a channel is one operator, which TensorFlow fuses into a convolution before it. */
export function addBias({ graph, node, layout }: LoweringContext<unknown>): string | undefined {
  const found = biasOf(node);
  if (found === undefined || !sameLayout(layout, nhwc)) return undefined;
  const { map, bias } = found;
  // in a program for one example what differs from one to the next looks the same
  if (graph.batchAxis(bias) !== undefined) return undefined;
  const type = graph.typeOf(node);
  const vector = graph.reshape(bias.dtype, graph.inOrder(bias), [node.shape[1]!]);
  return graph.typed('BiasAdd', type, [graph.read(map, nhwc, type), graph.cast(vector, bias.dtype, type)], {
    data_format: tfAttr.string('NHWC'),
  });
}
