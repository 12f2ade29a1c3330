import type { Conv2dAttributes, Pair } from '@limbeck/graph';
import { hwcm, hwio, type Layout, logical } from './layout.js';

/** Sizes that decide which kernels compute a convolution. */
export interface ConvolutionSizes {
  /** Channels of the map it reads. */
  readonly inputs: number;
  /** Channels of its result. */
  readonly outputs: number;
}

/** What TensorFlow calls these convolutions; `grouped` ones it has no kernel for on the CPU. */
export type ConvolutionKind = 'plain' | 'depthwise' | 'grouped';

export function kindOf(
  { groups, strides, dilation }: Conv2dAttributes,
  { inputs }: ConvolutionSizes,
): ConvolutionKind {
  if (groups === 1) return 'plain';
  const even = strides[0] === strides[1] && dilation[0] === 1 && dilation[1] === 1;
  return groups === inputs && even ? 'depthwise' : 'grouped';
}

/** The layout in which kernels read weights [O, C / groups, kH, kW] without moving them. */
export function weightLayout(attributes: Conv2dAttributes, sizes: ConvolutionSizes): Layout {
  const kind = kindOf(attributes, sizes);
  if (kind === 'depthwise') return sizes.inputs === sizes.outputs ? hwcm : logical(4);
  return hwio;
}

export const isPair = (a: Pair, n: number): boolean => a[0] === n && a[1] === n;
