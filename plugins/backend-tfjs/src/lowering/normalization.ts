import { tfAttr } from '@limbeck/formats';
import type { BatchNormAttributes, Tensor } from '@limbeck/graph';
import { type GraphBuilder, resultOf } from './graph-builder.js';
import { nhwc } from './layout.js';
import type { Claim, None } from './lowering.js';

/** Axes of [N, H, W, C] that belong to one channel. */
const perChannel = [0, 1, 2];

const isFloat32 = ({ dtype }: Tensor): boolean => dtype === 'float32';

const sharedAttributes = (epsilon: number, training: boolean) => ({
  U: tfAttr.type('float32'),
  epsilon: tfAttr.float(epsilon),
  data_format: tfAttr.string('NHWC'),
  is_training: tfAttr.bool(training),
});

/**
 * A layer that normalises by the batch's statistics. Its results: map, mean, variance over n - 1, and what its gradient
 * wants of it.
 */
function normalize(
  graph: GraphBuilder,
  x: Tensor,
  { scale, bias, epsilon }: { scale: string; bias: string; epsilon: number },
): string {
  const none = graph.constant({ dtype: 'float32', shape: [0], data: new Float32Array(0) });
  const operands = [graph.read(x, nhwc, graph.mapType), scale, bias, none, none];
  return graph.typed('FusedBatchNormV3', graph.mapType, operands, {
    ...sharedAttributes(epsilon, true),
    exponential_avg_factor: tfAttr.float(1),
  });
}

/** The layer that normalises a map anyway, where it has this epsilon; else one made for its statistics. */
function layerOf(graph: GraphBuilder, x: Tensor, epsilon: number): string {
  const layer = graph.facts.normalizationOf(x);
  if (layer === undefined || layer.attributes.epsilon !== epsilon) {
    const channels = x.shape[1]!;
    const [scale, bias] = [graph.filled(1, channels), graph.filled(0, channels)];
    return normalize(graph, x, { scale, bias, epsilon });
  }
  const [scale, bias] = layer.inputs.slice(1).map((input) => graph.read(input)) as [string, string];
  return normalize(graph, x, { scale, bias, epsilon });
}

export const batchNormTraining: Claim<BatchNormAttributes> = {
  when: isFloat32,
  layout: () => nhwc,
  lower: ({ graph, node, attributes: { epsilon } }) => {
    const [x, scale, bias] = node.inputs as [Tensor, Tensor, Tensor];
    return normalize(graph, x, { scale: graph.read(scale), bias: graph.read(bias), epsilon });
  },
};

/** With given statistics. */
const normalizeBy = (graph: GraphBuilder, epsilon: number, x: Tensor, operands: readonly string[]): string =>
  graph.typed('FusedBatchNormV3', 'float32', [graph.read(x, nhwc), ...operands], {
    ...sharedAttributes(epsilon, false),
  });

export const batchNorm: Claim<BatchNormAttributes> = {
  when: isFloat32,
  layout: () => nhwc,
  lower: ({ graph, node, attributes: { epsilon } }) => {
    const [mean, variance, scale, bias] = node.inputs.slice(1).map((input) => graph.read(input)) as [
      string,
      string,
      string,
      string,
    ];
    return normalizeBy(graph, epsilon, node.inputs[0]!, [scale, bias, mean, variance]);
  },
};

/** Factor and offset a channel: one pass, where a product and a sum are two. */
export const channelAffine: Claim<None> = {
  when: isFloat32,
  layout: () => nhwc,
  lower: ({ graph, node }) => {
    const [x, factor, offset] = node.inputs as [Tensor, Tensor, Tensor];
    const channels = node.shape[1]!;
    const operands = [
      graph.read(factor),
      graph.read(offset),
      graph.filled(0, channels),
      graph.filled(1, channels),
    ];
    return normalizeBy(graph, 0, x, operands);
  },
};

const reduce = (graph: GraphBuilder, op: string, value: string): string =>
  graph.typed(op, 'float32', [value, graph.ints(perChannel)], {
    Tidx: tfAttr.type('int32'),
    keep_dims: tfAttr.bool(false),
  });

export const channelMean: Claim<None> = {
  when: isFloat32,
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    const layer = graph.facts.normalizationOf(x);
    if (layer === undefined) return reduce(graph, 'Mean', graph.read(x, nhwc));
    return resultOf(layerOf(graph, x, layer.attributes.epsilon as number), 1);
  },
};

export const channelVariance: Claim<None> = {
  when: isFloat32,
  lower: ({ graph, node }) => {
    const x = node.inputs[0]!;
    const layer = graph.facts.normalizationOf(x);
    const [n, channels, h, w] = x.shape as [number, number, number, number];
    if (layer === undefined) {
      const mean = reduce(graph, 'Mean', graph.read(x, nhwc));
      const squares = graph.typed('SquaredDifference', 'float32', [graph.read(x, nhwc), mean]);
      return reduce(graph, 'Mean', squares);
    }
    const count = n * h * w;
    const unbiased = resultOf(layerOf(graph, x, layer.attributes.epsilon as number), 2);
    return graph.typed('Mul', 'float32', [unbiased, graph.filled((count - 1) / count, channels)]);
  },
};

/** Gradients of a layer for its map, scale and bias, in this order: one kernel. */
function gradient(graph: GraphBuilder, dy: Tensor, x: Tensor, scale: string, epsilon: number): string {
  const layer = layerOf(graph, x, epsilon);
  const maps = [dy, x].map((map) => graph.read(map, nhwc, graph.mapType));
  const operands = [...maps, scale, ...[3, 4, 5].map((i) => resultOf(layer, i))];
  return graph.typed('FusedBatchNormGradV3', graph.mapType, operands, sharedAttributes(epsilon, true));
}

export const batchNormInputGradient: Claim<BatchNormAttributes> = {
  when: isFloat32,
  layout: () => nhwc,
  lower: ({ graph, node, attributes: { epsilon } }) => {
    const [dy, x, scale] = node.inputs as [Tensor, Tensor, Tensor];
    return gradient(graph, dy, x, graph.read(scale), epsilon);
  },
};

export const batchNormScaleGradient: Claim<BatchNormAttributes> = {
  when: isFloat32,
  lower: ({ graph, node, attributes: { epsilon } }) => {
    const [dy, x] = node.inputs as [Tensor, Tensor];
    const sibling = graph.facts
      .normalizationGradientsOf(dy)
      .find(({ inputs, attributes }) => inputs[1] === x && attributes.epsilon === epsilon);
    const scale = sibling === undefined ? graph.filled(1, x.shape[1]!) : graph.read(sibling.inputs[2]!);
    return resultOf(gradient(graph, dy, x, scale, epsilon), 1);
  },
};

export const channelSum: Claim<None> = {
  when: isFloat32,
  lower: ({ graph, node }) => {
    const dy = node.inputs[0]!;
    // the layer's own map has to have been computed already
    const layer = graph.facts.normalizationGradientsOf(dy).find(({ inputs }) => inputs[1]!.id < node.id);
    if (layer === undefined) return reduce(graph, 'Sum', graph.read(dy, nhwc));
    const [, x, scale] = layer.inputs as [Tensor, Tensor, Tensor];
    return resultOf(gradient(graph, dy, x, graph.read(scale), layer.attributes.epsilon as number), 2);
  },
};

export const channelDot: Claim<None> = {
  when: isFloat32,
  lower: ({ graph, node }) => {
    const operands = node.inputs.map((input) => graph.read(input, nhwc));
    return reduce(graph, 'Sum', graph.typed('Mul', 'float32', operands));
  },
};
