import type {
  Conv2dAttributes,
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
  Tensor,
} from '@limbeck/graph';
import { type ConvolutionKind, isPair, kindOf, weightLayout } from '../../lowering/convolution-kinds.js';
import { hwcm, hwio, nhwc, orderBetween } from '../../lowering/layout.js';
import type { KernelTarget } from '../device.js';
import { depthwiseFilter, mapOf, prepareInput, type Sized, splitChannels } from './convolution.js';
import type { KernelClaim } from './kernel.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';
import { windowAttributes } from './windows.js';

/** The kernels know neither dilation nor padding that crops. */
const isOrdinary = ({ dilation, inputDilation, padding }: Conv2dAttributes): boolean =>
  isPair(dilation, 1) && isPair(inputDilation, 1) && padding.every((side) => side >= 0);

const inputKernels: Readonly<Record<ConvolutionKind, string>> = {
  plain: 'Conv2DBackpropInput',
  depthwise: 'DepthwiseConv2dNativeBackpropInput',
  grouped: 'Conv2DBackpropInput',
};

const kindOfNode = (node: Tensor, attributes: Conv2dAttributes, map: Tensor): ConvolutionKind =>
  kindOf(attributes, { inputs: map.shape[1]!, outputs: node.inputs[0]!.shape[1]! });

/** The WASM backend's own kernel is many times slower than a convolution with the flipped weights. */
export const conv2dInputGradient: KernelClaim<Conv2dInputGradientAttributes> = {
  when: (node, { device, has }, attributes) =>
    device !== 'wasm' && isOrdinary(attributes) && has(inputKernels[kindOfNode(node, attributes, node)]),
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const [dy, weight] = node.inputs as [Tensor, Tensor];
    const [n, c, h, w] = node.shape as [number, number, number, number];
    const kind = kindOfNode(node, attributes, node);
    const { groups } = attributes;
    const apply = (filter: Slot, part: Slot, channels: number) =>
      graph.emit(
        inputKernels[kind],
        { dy: part, filter },
        { ...windowAttributes(attributes), inputShape: [n, h, w, channels] },
      );
    const gradient = mapOf(graph, dy);
    if (kind === 'depthwise') return apply(depthwiseFilter(graph, weight, c), gradient.value, c);
    const filter = graph.read(weight, hwio);
    if (kind === 'plain') return apply(filter, gradient.value, c);
    const [o, perGroup, kh, kw] = weight.shape as [number, number, number, number];
    const filters = splitChannels(graph, { value: filter, sizes: [kh, kw, perGroup, o] }, groups);
    const parts = splitChannels(graph, gradient, groups);
    return graph.concat(
      parts.map((part, group) => apply(filters[group]!, part, perGroup)),
      3,
    );
  },
};

/** Where a kernel of tfjs computes the gradient for the weights as fast as anything does. */
const hasWeightKernel = ({ device, has }: KernelTarget, kind: ConvolutionKind): boolean =>
  device === 'webgpu' &&
  has(kind === 'depthwise' ? 'DepthwiseConv2dNativeBackpropFilter' : 'Conv2DBackpropFilter');

/** The map under each weight: [N, oH, oW, C] for every position of the kernel, row by row. */
function shifted(
  graph: PlanBuilder,
  map: Sized,
  { strides, padding, dilation, kernel }: Conv2dWeightGradientAttributes,
  [rows, columns]: readonly [number, number],
): Slot[] {
  const [top, left, bottom, right] = padding;
  const [n, , , c] = map.sizes;
  const padded = graph.pad(map.value, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return Array.from({ length: kernel[0] * kernel[1] }, (_, position) => {
    const start = [Math.floor(position / kernel[1]) * dilation[0], (position % kernel[1]) * dilation[1]];
    const end = [start[0]! + (rows - 1) * strides[0] + 1, start[1]! + (columns - 1) * strides[1] + 1];
    return graph.stridedSlice(padded, [0, ...start, 0], [n, ...end, c], [1, ...strides, 1]);
  });
}

/** One matrix product: all shifted maps beside each other, transposed, times dy. Gives [kH, kW, C, O]. */
function byProduct(graph: PlanBuilder, parts: readonly Slot[], dy: Sized, channels: number): Slot {
  const [n, rows, columns, outputs] = dy.sizes;
  const positions = n * rows * columns;
  const width = parts.length * channels;
  const maps = graph.reshape('float32', graph.concat(parts, 3), [positions, width]);
  const gradient = graph.reshape('float32', dy.value, [positions, outputs]);
  return graph.emit(
    'BatchMatMul',
    { a: graph.transpose('float32', maps, [1, 0]), b: gradient },
    { transposeA: false, transposeB: false },
  );
}

/** Products summed weight by weight: each weight meets one channel alone. Gives [kH, kW, C, O / C]. */
function bySums(graph: PlanBuilder, parts: readonly Slot[], dy: Sized, channels: number): Slot {
  const [n, rows, columns, outputs] = dy.sizes;
  const positions = n * rows * columns;
  const gradient = graph.reshape('float32', dy.value, [positions, channels, outputs / channels]);
  const sums = parts.map((part) => {
    const map = graph.reshape('float32', part, [positions, channels, 1]);
    const products = graph.emit('Multiply', { a: map, b: gradient });
    return graph.emit('Sum', { x: products }, { axis: [0], keepDims: true });
  });
  return graph.concat(sums, 0);
}

/** In plain JavaScript parts of a map are slow to take out: there it is a convolution of x with dy as the kernel. */
export const conv2dWeightGradient: KernelClaim<Conv2dWeightGradientAttributes> = {
  when: (node, { device }, attributes) =>
    device !== 'cpu' ||
    kindOf(attributes, { inputs: node.inputs[0]!.shape[1]!, outputs: node.shape[0]! }) !== 'plain',
  layout: (node, _, attributes) =>
    weightLayout(attributes, { inputs: node.inputs[0]!.shape[1]!, outputs: node.shape[0]! }),
  lower: ({ graph, node, attributes: wanted }) => {
    const [x, dy] = node.inputs as [Tensor, Tensor];
    const [o, perGroup, kh, kw] = node.shape as [number, number, number, number];
    const inputs = x.shape[1]!;
    const gradient = mapOf(graph, dy);
    const { map, attributes } = prepareInput(graph, mapOf(graph, x), wanted);
    const told = { ...attributes, kernel: wanted.kernel };
    const kind = kindOf(attributes, { inputs, outputs: o });
    const byKernel = isOrdinary(attributes) && hasWeightKernel(graph.target, kind);
    const apply = (kernel: string, maps: Slot, part: Slot, filterShape: readonly number[]) =>
      graph.emit(kernel, { x: maps, dy: part }, { ...windowAttributes(attributes), filterShape });
    const area = [dy.shape[2]!, dy.shape[3]!] as const;
    if (kind === 'depthwise') {
      const sizes = [kh, kw, inputs, o / inputs];
      const result = byKernel
        ? apply('DepthwiseConv2dNativeBackpropFilter', map.value, gradient.value, sizes)
        : graph.reshape('float32', bySums(graph, shifted(graph, map, told, area), gradient, inputs), sizes);
      if (o === inputs) return result;
      const order = orderBetween(hwcm, [0, 1, 2, 3]);
      return graph.reshape(node.dtype, graph.transpose(node.dtype, result, order), node.shape);
    }
    const one = (own: Sized, part: Sized) => {
      const sizes = [kh, kw, perGroup, part.sizes[3]];
      if (byKernel) return apply('Conv2DBackpropFilter', own.value, part.value, sizes);
      return graph.reshape(
        'float32',
        byProduct(graph, shifted(graph, own, told, area), part, perGroup),
        sizes,
      );
    };
    if (kind === 'plain') return one(map, gradient);
    const { groups } = attributes;
    const partsOf = (whole: Sized): Sized[] => {
      const [a, b, c, d] = whole.sizes;
      return splitChannels(graph, whole, groups).map((value) => ({ value, sizes: [a, b, c, d / groups] }));
    };
    const gradients = partsOf(gradient);
    return graph.concat(
      partsOf(map).map((own, group) => one(own, gradients[group]!)),
      3,
    );
  },
};
