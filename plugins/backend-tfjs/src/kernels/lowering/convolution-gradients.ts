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

/** Where one kernel computes the gradient for the weights as fast as anything does. */
const hasWeightKernel = ({ device, has }: KernelTarget, kind: ConvolutionKind): boolean =>
  kind === 'depthwise'
    ? device === 'webgpu' && has('DepthwiseConv2dNativeBackpropFilter')
    : device !== 'wasm' && has('Conv2DBackpropFilter');

/**
 * The map under each weight: [C, N, oH, oW] for every position of the kernel, row by row. With the channels first what is
 * summed up lies side by side. The map is moved once for all positions, and where a kernel takes steps, rows and columns that
 * are met together are gathered by it: kernels that take parts with steps are slow.
 */
function shifted(
  graph: PlanBuilder,
  { value, sizes }: Sized,
  { strides, padding, dilation, kernel }: Conv2dWeightGradientAttributes,
  [rows, columns]: readonly [number, number],
): Slot[] {
  const [top, left, bottom, right] = padding;
  const [n, h, w, c] = sizes;
  const [down, across] = strides;
  const whole = (size: number, step: number) => Math.ceil(size / step) * step;
  const [height, width] = [whole(h + top + bottom, down), whole(w + left + right, across)];
  const padded = graph.pad(value, [
    [0, 0],
    [top, height - h - top],
    [left, width - w - left],
    [0, 0],
  ]);
  const phased =
    down * across === 1
      ? graph.transpose('float32', padded, [3, 0, 1, 2])
      : graph.transpose(
          'float32',
          graph.reshape('float32', padded, [n, height / down, down, width / across, across, c]),
          [2, 4, 5, 0, 1, 3],
        );
  const map = graph.reshape('float32', phased, [down * across * c, n, height / down, width / across]);
  return Array.from({ length: kernel[0] * kernel[1] }, (_, position) => {
    const y = Math.floor(position / kernel[1]) * dilation[0];
    const x = (position % kernel[1]) * dilation[1];
    const phase = (y % down) * across + (x % across);
    const start = [phase * c, 0, Math.floor(y / down), Math.floor(x / across)];
    return graph.slice(map, start, [c, n, rows, columns]);
  });
}

/** One matrix product: all shifted maps below each other, times dy. Gives [kH, kW, C, O]. */
function byProduct(graph: PlanBuilder, parts: readonly Slot[], dy: Sized, channels: number): Slot {
  const [n, rows, columns, outputs] = dy.sizes;
  const positions = n * rows * columns;
  const maps = graph.reshape('float32', graph.concat(parts, 0), [parts.length * channels, positions]);
  const gradient = graph.reshape('float32', dy.value, [positions, outputs]);
  return graph.emit('BatchMatMul', { a: maps, b: gradient }, { transposeA: false, transposeB: false });
}

/** Products summed weight by weight: each weight meets one channel alone. Gives [kH, kW, C, O / C]. */
function bySums(graph: PlanBuilder, parts: readonly Slot[], dy: Sized, channels: number): Slot {
  const [n, rows, columns, outputs] = dy.sizes;
  const positions = n * rows * columns;
  const apart = graph.reshape('float32', dy.value, [positions, channels, outputs / channels]);
  const gradient = graph.transpose('float32', apart, [1, 2, 0]);
  const sums = parts.map((part) => {
    const map = graph.reshape('float32', part, [channels, 1, positions]);
    const products = graph.emit('Multiply', { a: map, b: gradient });
    return graph.emit('Sum', { x: products }, { axis: [2], keepDims: false });
  });
  return graph.concat(sums, 0);
}

export const conv2dWeightGradient: KernelClaim<Conv2dWeightGradientAttributes> = {
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
