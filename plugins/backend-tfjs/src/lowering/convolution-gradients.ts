import type {
  Conv2dAttributes,
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
  Tensor,
} from '@limbeck/graph';
import { depthwiseWeight, joinChannels, kernelOf, splitChannels, windowAttributes } from './convolution.js';
import { type ConvolutionKind, isPair, kindOf, weightLayout } from './convolution-kinds.js';
import { hwcm, hwio, nhwc, orderBetween } from './layout.js';
import type { Claim } from './lowering.js';

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

export const conv2dInputGradient: Claim<Conv2dInputGradientAttributes> = {
  when: hasKernel,
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const [dy, weight] = node.inputs as [Tensor, Tensor];
    const [n, c, h, w] = node.shape as [number, number, number, number];
    const windows = windowAttributes(attributes, kernelOf(weight));
    const kind = kindOf(attributes, { inputs: c, outputs: dy.shape[1]! });
    const { groups } = attributes;
    const apply = (filter: string, gradient: string, channels: number) => {
      const operands = [graph.ints([n, h, w, channels]), filter, gradient];
      return graph.typed(operators.input[kind], node.dtype, operands, windows);
    };
    const gradient = graph.read(dy, nhwc);
    if (kind === 'depthwise') return apply(depthwiseWeight(graph, weight, c), gradient, c);
    const filter = graph.read(weight, hwio);
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
    const [o, perGroup, kh, kw] = node.shape as [number, number, number, number];
    const inputs = x.shape[1]!;
    const windows = windowAttributes(attributes, attributes.kernel);
    const kind = kindOf(attributes, { inputs, outputs: o });
    const { groups } = attributes;
    const apply = (map: string, gradient: string, sizes: readonly number[]) =>
      graph.typed(operators.weight[kind], node.dtype, [map, graph.ints(sizes), gradient], windows);
    const [map, gradient] = [graph.read(x, nhwc), graph.read(dy, nhwc)];
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
