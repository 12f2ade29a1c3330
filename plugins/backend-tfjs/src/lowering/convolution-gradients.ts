import type {
  Conv2dAttributes,
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
  Padding,
  Pair,
  Tensor,
} from '@limbeck/graph';
import { depthwiseWeight, joinChannels, kernelOf, splitChannels, windowAttributes } from './convolution.js';
import { type ConvolutionKind, isPair, kindOf, weightLayout } from './convolution-kinds.js';
import { hwcm, hwio, nhwc, orderBetween } from './layout.js';
import type { Claim } from './lowering.js';
import { isFasterAsProducts, weightGradientByProducts } from './weight-gradient-products.js';
import { cropped, isSame, noPadding, padded, paddingPairs } from './windows.js';

/** The kernels know neither dilation, on the CPU, nor padding that crops. */
const hasKernel = (node: Tensor, { dilation, inputDilation, padding }: Conv2dAttributes): boolean =>
  node.dtype === 'float32' &&
  isPair(dilation, 1) &&
  isPair(inputDilation, 1) &&
  padding.every((side) => side >= 0);

const operators: Readonly<Record<'input' | 'weight', Readonly<Record<ConvolutionKind, string>>>> = {
  input: {
    plain: 'Conv2DBackpropInput',
    depthwise: 'DepthwiseConv2dNativeBackpropInput',
    grouped: 'Conv2DBackpropInput',
  },
  weight: {
    plain: 'Conv2DBackpropFilter',
    depthwise: 'DepthwiseConv2dNativeBackpropFilter',
    grouped: 'Conv2DBackpropFilter',
  },
};

/** How a kernel is told to pad, and what is put around the map beforehand. */
interface Framing {
  readonly attributes: Conv2dAttributes;
  readonly around: Padding;
}

/**
 * The fast kernels of the gradients pad by TensorFlow's own rule only. Where that is not what is wanted, the map is
 * padded first: as far as windows reach, which at stride 2 is often one row and column less than what the padding says.
 */
function frame(attributes: Conv2dAttributes, kernel: Pair, map: Tensor, result: Tensor): Framing {
  const { padding, strides, dilation } = attributes;
  if (noPadding(padding) || isSame(padding, kernel, strides, dilation))
    return { attributes, around: [0, 0, 0, 0] };
  const after = ([0, 1] as const).map((axis) => {
    const reached = (result.shape[axis + 2]! - 1) * strides[axis] + kernel[axis];
    return Math.max(reached - map.shape[axis + 2]! - padding[axis], 0);
  }) as [number, number];
  return {
    attributes: { ...attributes, padding: [0, 0, 0, 0] },
    around: [padding[0], padding[1], after[0], after[1]],
  };
}

export const conv2dInputGradient: Claim<Conv2dInputGradientAttributes> = {
  when: hasKernel,
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const [dy, weight] = node.inputs as [Tensor, Tensor];
    const type = graph.typeOf(node);
    const [n, c, h, w] = node.shape as [number, number, number, number];
    const { attributes: framed, around } = frame(attributes, kernelOf(weight), node, dy);
    const [rows, columns] = [h + around[0] + around[2], w + around[1] + around[3]];
    const windows = windowAttributes(framed, kernelOf(weight));
    const kind = kindOf(attributes, { inputs: c, outputs: dy.shape[1]! });
    const { groups } = attributes;
    const apply = (filter: string, gradient: string, channels: number) => {
      const operands = [graph.ints([n, rows, columns, channels]), filter, gradient];
      const result = graph.typed(operators.input[kind], type, operands, windows);
      return cropped(graph, type, result, [n, channels, h, w], around);
    };
    const gradient = graph.read(dy, nhwc, type);
    if (kind === 'depthwise') return apply(depthwiseWeight(graph, weight, c), gradient, c);
    const filter = graph.read(weight, hwio, type);
    if (kind === 'plain') return apply(filter, gradient, c);
    const filters = splitChannels(graph, filter, groups);
    const parts = splitChannels(graph, gradient, groups);
    return joinChannels(
      graph,
      parts.map((part, group) => apply(filters[group]!, part, c / groups)),
    );
  },
};

export const conv2dWeightGradient: Claim<Conv2dWeightGradientAttributes> = {
  when: hasKernel,
  layout: (node, _, attributes) =>
    weightLayout(attributes, { inputs: node.inputs[0]!.shape[1]!, outputs: node.shape[0]! }),
  lower: ({ graph, node, attributes }) => {
    const [x, dy] = node.inputs as [Tensor, Tensor];
    const type = graph.typeOf(node);
    if (isFasterAsProducts(graph, node, attributes))
      return weightGradientByProducts(graph, node, attributes, type);
    const [o, perGroup, kh, kw] = node.shape as [number, number, number, number];
    const inputs = x.shape[1]!;
    const { attributes: framed, around } = frame(attributes, attributes.kernel, x, dy);
    const windows = windowAttributes(framed, attributes.kernel);
    const kind = kindOf(attributes, { inputs, outputs: o });
    const { groups } = attributes;
    const apply = (map: string, gradient: string, sizes: readonly number[]) =>
      graph.typed(operators.weight[kind], type, [map, graph.ints(sizes), gradient], windows);
    const gradient = graph.read(dy, nhwc, type);
    const plain = graph.read(x, nhwc, type);
    const map = noPadding(around) ? plain : padded(graph, type, plain, paddingPairs(around));
    if (kind === 'plain') return apply(map, gradient, [kh, kw, perGroup, o]);
    if (kind === 'depthwise') {
      const result = apply(map, gradient, [kh, kw, inputs, o / inputs]);
      if (o === inputs) return result;
      const order = orderBetween(hwcm, [0, 1, 2, 3]);
      return graph.reshape(node.dtype, graph.transpose(node.dtype, result, order), node.shape);
    }
    const maps = splitChannels(graph, map, groups);
    const parts = splitChannels(graph, gradient, groups);
    return joinChannels(
      graph,
      parts.map((part, group) => apply(maps[group]!, part, [kh, kw, perGroup, o / groups])),
    );
  },
};
