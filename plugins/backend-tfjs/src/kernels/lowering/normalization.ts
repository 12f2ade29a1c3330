import type { BatchNormAttributes, Tensor } from '@limbeck/graph';
import { nhwc } from '../../lowering/layout.js';
import type { None } from '../../lowering/lowering.js';
import type { KernelClaim } from './kernel.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/** Axes of [N, H, W, C] that belong to one channel. */
const perChannel = { axis: [0, 1, 2], keepDims: false };

/** With given statistics: one pass over the map. */
export const batchNorm: KernelClaim<BatchNormAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes: { epsilon } }) => {
    const [x, ...vectors] = node.inputs as [Tensor, ...Tensor[]];
    const [mean, variance, scale, offset] = vectors.map((vector) => graph.read(vector)) as [
      Slot,
      Slot,
      Slot,
      Slot,
    ];
    return graph.emit(
      'FusedBatchNorm',
      { x: graph.read(x, nhwc), mean, variance, scale, offset },
      { varianceEpsilon: epsilon },
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

const meanOf = (graph: PlanBuilder, x: Slot): Slot => graph.emit('Mean', { x }, perChannel);

export const channelMean: KernelClaim<None> = {
  lower: ({ graph, node }) => meanOf(graph, graph.read(node.inputs[0]!, nhwc)),
};

export const channelVariance: KernelClaim<None> = {
  lower: ({ graph, node }) => {
    const x = graph.read(node.inputs[0]!, nhwc);
    return meanOf(graph, graph.emit('SquaredDifference', { a: x, b: meanOf(graph, x) }));
  },
};

export const channelSum: KernelClaim<None> = {
  lower: ({ graph, node }) => graph.emit('Sum', { x: graph.read(node.inputs[0]!, nhwc) }, perChannel),
};

export const channelDot: KernelClaim<None> = {
  lower: ({ graph, node }) => {
    const [a, b] = node.inputs.map((input) => graph.read(input, nhwc)) as [Slot, Slot];
    return graph.emit('Sum', { x: graph.emit('Multiply', { a, b }) }, perChannel);
  },
};
