import type { Conv2dAttributes, Padding, Tensor } from '@limbeck/graph';
import { kindOf } from '../../lowering/convolution-kinds.js';
import { hwcm, hwio, logical, nhwc, orderBetween } from '../../lowering/layout.js';
import type { Kernel } from './kernel.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';
import { windowAttributes } from './windows.js';

/** A map [N, H, W, C] or a filter [kH, kW, I, O] and its sizes in this order. */
export interface Sized {
  readonly value: Slot;
  readonly sizes: readonly [number, number, number, number];
}

/** A map of the program with its channels last. */
export const mapOf = (graph: PlanBuilder, x: Tensor): Sized => {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return { value: graph.read(x, nhwc), sizes: [n, h, w, c] };
};

/** Weights as the depthwise kernels read them: [kH, kW, C, O / C]. */
export function depthwiseFilter(graph: PlanBuilder, weight: Tensor, channels: number): Slot {
  const [outputs, , kh, kw] = weight.shape as [number, number, number, number];
  if (outputs === channels) return graph.read(weight, hwcm);
  const split = graph.reshape(weight.dtype, graph.inOrder(weight), [channels, outputs / channels, kh, kw]);
  return graph.transpose(weight.dtype, split, orderBetween(logical(4), hwcm));
}

/** Parts of a value along its last axis. */
export function splitChannels(graph: PlanBuilder, { value, sizes }: Sized, parts: number): Slot[] {
  const [a, b, c, d] = sizes;
  return Array.from({ length: parts }, (_, part) =>
    graph.slice(value, [0, 0, 0, (part * d) / parts], [a, b, c, d / parts]),
  );
}

/** Zeros between the elements of a map; those behind the last one do not belong to it. */
export function spread(
  graph: PlanBuilder,
  { value, sizes }: Sized,
  [dh, dw]: readonly [number, number],
): Sized {
  const [n, h, w, c] = sizes;
  const rows = graph.reshape('float32', value, [n * h, 1, w, c]);
  const down = graph.pad(rows, [
    [0, 0],
    [0, dh - 1],
    [0, 0],
    [0, 0],
  ]);
  const columns = graph.reshape('float32', down, [n * h * dh * w, 1, c]);
  const across = graph.pad(columns, [
    [0, 0],
    [0, dw - 1],
    [0, 0],
  ]);
  return {
    value: graph.reshape('float32', across, [n, h * dh, w * dw, c]),
    sizes: [n, h * dh, w * dw, c],
  };
}

/** A map with zeros between its elements, and without the rows and columns that padding below 0 crops. */
export function prepareInput(
  graph: PlanBuilder,
  map: Sized,
  attributes: Conv2dAttributes,
): { readonly map: Sized; readonly attributes: Conv2dAttributes } {
  const { inputDilation } = attributes;
  const [top, left] = attributes.padding;
  let [, , bottom, right] = attributes.padding;
  let prepared = map;
  if (inputDilation[0] > 1 || inputDilation[1] > 1) {
    prepared = spread(graph, map, inputDilation);
    bottom -= inputDilation[0] - 1;
    right -= inputDilation[1] - 1;
  }
  const sides = [top, left, bottom, right] as const;
  const crops = sides.map((side) => Math.max(-side, 0)) as unknown as Padding;
  if (crops.some((n) => n > 0)) {
    const [n, h, w, c] = prepared.sizes;
    const sizes = [n, h - crops[0] - crops[2], w - crops[1] - crops[3], c] as const;
    prepared = { value: graph.slice(prepared.value, [0, crops[0], crops[1], 0], sizes), sizes };
  }
  const padding = sides.map((side) => Math.max(side, 0)) as unknown as Padding;
  return { map: prepared, attributes: { ...attributes, inputDilation: [1, 1], padding } };
}

export const conv2d: Kernel<Conv2dAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes: wanted }) => {
    const [input, weight] = node.inputs as [Tensor, Tensor];
    const { map, attributes } = prepareInput(graph, mapOf(graph, input), wanted);
    const sizes = { inputs: input.shape[1]!, outputs: node.shape[1]! };
    const told = windowAttributes(attributes);
    const kind = kindOf(attributes, sizes);
    if (kind === 'depthwise') {
      const filter = depthwiseFilter(graph, weight, sizes.inputs);
      return graph.emit('DepthwiseConv2dNative', { x: map.value, filter }, told);
    }
    const filter = graph.read(weight, hwio);
    const convolve = (x: Slot, own: Slot) => graph.emit('Conv2D', { x, filter: own }, told);
    if (kind === 'plain') return convolve(map.value, filter);
    const { groups } = attributes;
    const [o, perGroup, kh, kw] = weight.shape as [number, number, number, number];
    const filters = splitChannels(graph, { value: filter, sizes: [kh, kw, perGroup, o] }, groups);
    const maps = splitChannels(graph, map, groups);
    return graph.concat(
      maps.map((part, group) => convolve(part, filters[group]!)),
      3,
    );
  },
};
