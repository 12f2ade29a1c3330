import { type TensorflowType, tfAttr } from '@limbeck/formats';
import type { Conv2dAttributes, Pair, Tensor } from '@limbeck/graph';
import { kindOf } from './convolution-kinds.js';
import { type GraphBuilder, resultOf } from './graph-builder.js';
import { hwcm, hwio, logical, nhwc, orderBetween } from './layout.js';
import type { Lowering } from './lowering.js';
import { isSame, noPadding, overMaps, padded, paddingAttributes, paddingPairs } from './windows.js';

const channelsLast = { data_format: tfAttr.string('NHWC') };

/** What all convolution kernels are told. */
export const windowAttributes = (attributes: Conv2dAttributes, kernel: Pair) => ({
  ...overMaps('strides', attributes.strides),
  ...overMaps('dilations', attributes.dilation),
  ...paddingAttributes(attributes.padding, kernel, attributes.strides, attributes.dilation),
  ...channelsLast,
});

/** Height and width of a kernel. */
export const kernelOf = (weight: Tensor): Pair => [weight.shape[2]!, weight.shape[3]!];

/** Weights as the depthwise kernels read them: [kH, kW, C, O / C]. */
export function depthwiseWeight(graph: GraphBuilder, weight: Tensor, channels: number): string {
  const [outputs, , kh, kw] = weight.shape as [number, number, number, number];
  if (outputs === channels) return graph.read(weight, hwcm);
  const split = graph.reshape(weight.dtype, graph.inOrder(weight), [channels, outputs / channels, kh, kw]);
  return graph.transpose(weight.dtype, split, orderBetween(logical(4), hwcm));
}

/** Parts of a value along its last axis. */
export const splitChannels = (graph: GraphBuilder, value: string, parts: number): string[] => {
  const node = graph.typed('Split', 'float32', [graph.int(3), value], { num_split: tfAttr.int(parts) });
  // the operator calls its operand second and its type T
  return Array.from({ length: parts }, (_, part) => resultOf(node, part));
};

/** Values side by side along the last axis. */
export const joinChannels = (graph: GraphBuilder, values: readonly string[]): string =>
  graph.typed('ConcatV2', 'float32', [...values, graph.int(3)], {
    N: tfAttr.int(values.length),
    Tidx: tfAttr.type('int32'),
  });

/** A map [N, H, W, C] with zeros between its elements, and without the rows and columns that padding below 0 crops. */
function prepareInput(
  graph: GraphBuilder,
  type: TensorflowType,
  x: string,
  [n, c, h, w]: readonly number[],
  attributes: Conv2dAttributes,
): { readonly x: string; readonly attributes: Conv2dAttributes } {
  let value = x;
  let [top, left, bottom, right] = attributes.padding;
  let [rows, columns] = [h!, w!];
  const [dh, dw] = attributes.inputDilation;
  if (dh > 1 || dw > 1) {
    // a batch of any size is -1, and so is a multiple of it
    const times = (factor: number) => (n === -1 ? -1 : n! * factor);
    const apart = graph.reshape(type, value, [times(rows), 1, columns, c!]);
    const spread = [0, 0, 0, dh - 1, 0, 0, 0, 0];
    const down = graph.reshape(type, padded(graph, type, apart, spread), [times(rows * dh * columns), 1, c!]);
    const across = padded(graph, type, down, [0, 0, 0, dw - 1, 0, 0]);
    [rows, columns] = [rows * dh, columns * dw];
    value = graph.reshape(type, across, [n!, rows, columns, c!]);
    // the zeros behind the last element do not belong to the map
    bottom -= dh - 1;
    right -= dw - 1;
  }
  if (Math.min(top, left, bottom, right) < 0) {
    const crop = (side: number) => Math.max(-side, 0);
    const begin = [0, crop(top), crop(left), 0];
    const size = [n!, rows - crop(top) - crop(bottom), columns - crop(left) - crop(right), c!];
    value = graph.typed('Slice', type, [value, graph.ints(begin), graph.ints(size)], {
      Index: tfAttr.type('int32'),
    });
    const rest = [top, left, bottom, right].map((side) => Math.max(side, 0));
    [top, left, bottom, right] = rest as [number, number, number, number];
  }
  return {
    x: value,
    attributes: { ...attributes, inputDilation: [1, 1], padding: [top, left, bottom, right] },
  };
}

/**
 * A map with the zeros around it, unless TensorFlow has a rule that adds them: where it is told their numbers for a
 * depthwise convolution and then joins that with a bias behind it, it loses them and ends the process.
 */
function padApart(
  graph: GraphBuilder,
  type: TensorflowType,
  x: string,
  attributes: Conv2dAttributes,
  kernel: Pair,
): { readonly x: string; readonly attributes: Conv2dAttributes } {
  const { padding, strides, dilation } = attributes;
  if (noPadding(padding) || isSame(padding, kernel, strides, dilation)) return { x, attributes };
  const value = padded(graph, type, x, paddingPairs(padding));
  return { x: value, attributes: { ...attributes, padding: [0, 0, 0, 0] } };
}

export const conv2d: Lowering<Conv2dAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes: wanted }) => {
    const [input, weight] = node.inputs as [Tensor, Tensor];
    const type = graph.typeOf(node);
    const { x, attributes } = prepareInput(
      graph,
      type,
      graph.read(input, nhwc, type),
      graph.shapeOf(input),
      wanted,
    );
    const sizes = { inputs: input.shape[1]!, outputs: node.shape[1]! };
    const kernel = kernelOf(weight);
    const kind = kindOf(attributes, sizes);
    if (kind === 'depthwise') {
      const filter = depthwiseWeight(graph, weight, sizes.inputs);
      const whole = padApart(graph, type, x, attributes, kernel);
      const windows = windowAttributes(whole.attributes, kernel);
      return graph.typed('DepthwiseConv2dNative', node.dtype, [whole.x, filter], windows);
    }
    const windows = windowAttributes(attributes, kernel);
    const filter = graph.read(weight, hwio, type);
    const convolve = (operands: readonly string[]) => graph.typed('Conv2D', type, operands, windows);
    if (kind === 'plain') return convolve([x, filter]);
    const { groups } = attributes;
    const [maps, filters] = [splitChannels(graph, x, groups), splitChannels(graph, filter, groups)];
    return joinChannels(
      graph,
      maps.map((map, group) => convolve([map, filters[group]!])),
    );
  },
};
