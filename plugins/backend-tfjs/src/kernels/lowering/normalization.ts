import type { BatchNormAttributes, Tensor } from '@limbeck/graph';
import { inMemory, nhwc } from '../../lowering/layout.js';
import type { None } from '../../lowering/lowering.js';
import type { KernelClaim } from './kernel.js';
import type { Slot } from './plan.js';
import { means, totals } from './totals.js';

/** All positions of a map [N, H, W, C], of each channel for itself. */
const perChannel = (map: Tensor) => ({ sizes: inMemory(map.shape, nhwc), axes: [0, 1, 2], keepDims: false });

/** With given statistics: one pass over the map. */
export const batchNorm: KernelClaim<BatchNormAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes: { epsilon } }) => {
    const [map, ...vectors] = node.inputs as [Tensor, ...Tensor[]];
    const x = graph.read(map, nhwc);
    const [mean, variance, scale, offset] = vectors.map((vector) => graph.read(vector)) as [
      Slot,
      Slot,
      Slot,
      Slot,
    ];
    if (graph.target.device !== 'wasm')
      return graph.emit('FusedBatchNorm', { x, mean, variance, scale, offset }, { varianceEpsilon: epsilon });
    // the WASM kernel scales the map before it divides: large maps would overflow although the factor is small
    const moved = graph.emit('Add', { a: variance, b: graph.scalar(epsilon) });
    const factor = graph.emit('Multiply', { a: scale, b: graph.emit('Rsqrt', { x: moved }) });
    const one = graph.filled(1, node.shape[1]!);
    return graph.emit(
      'FusedBatchNorm',
      { x, mean, variance: one, scale: factor, offset },
      { varianceEpsilon: 0 },
    );
  },
};

/** Factor and offset a channel: one pass, where a product and a sum are two. */
export const channelAffine: KernelClaim<None> = {
  layout: () => nhwc,
  lower: ({ graph, node }) => {
    const [x, scale, offset] = node.inputs as [Tensor, Tensor, Tensor];
    const channels = node.shape[1]!;
    return graph.emit(
      'FusedBatchNorm',
      {
        x: graph.read(x, nhwc),
        mean: graph.filled(0, channels),
        variance: graph.filled(1, channels),
        scale: graph.read(scale),
        offset: graph.read(offset),
      },
      { varianceEpsilon: 0 },
    );
  },
};

export const channelMean: KernelClaim<None> = {
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    return means(graph, graph.read(x, nhwc), perChannel(x));
  },
};

export const channelVariance: KernelClaim<None> = {
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    const map = graph.read(x, nhwc);
    const mean = means(graph, map, perChannel(x));
    return means(graph, graph.emit('SquaredDifference', { a: map, b: mean }), perChannel(x));
  },
};

export const channelSum: KernelClaim<None> = {
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    return totals(graph, graph.read(x, nhwc), perChannel(x));
  },
};

export const channelDot: KernelClaim<None> = {
  lower: ({ graph, node }) => {
    const [a, b] = node.inputs.map((input) => graph.read(input, nhwc)) as [Slot, Slot];
    return totals(graph, graph.emit('Multiply', { a, b }), perChannel(node.inputs[0]!));
  },
};
