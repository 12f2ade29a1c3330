import { tfAttr } from '@limbeck/formats';
import type { Pair, PoolAttributes, Tensor } from '@limbeck/graph';
import type { GraphBuilder } from './graph-builder.js';
import { nhwc } from './layout.js';
import type { Lowering } from './lowering.js';
import { cropped, noPadding, overMaps, padded, paddingPairs, windowFactors } from './windows.js';

/** Windows over a map that is padded already. */
const windows = ({ kernel, strides }: PoolAttributes) => ({
  ...overMaps('ksize', kernel),
  ...overMaps('strides', strides),
  padding: tfAttr.string('VALID'),
  data_format: tfAttr.string('NHWC'),
});

/** A map with padding that is no maximum of anything. */
function paddedBelow(graph: GraphBuilder, x: Tensor, { padding }: PoolAttributes): string {
  const value = graph.read(x, nhwc);
  if (noPadding(padding)) return value;
  const around = graph.constant({
    dtype: 'int32',
    shape: [4, 2],
    data: Int32Array.from(paddingPairs(padding)),
  });
  return graph.typed('PadV2', x.dtype, [value, around, graph.float(Number.NEGATIVE_INFINITY)], {
    Tpaddings: tfAttr.type('int32'),
  });
}

export const maxPool: Lowering<PoolAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) =>
    graph.typed(
      'MaxPool',
      node.dtype,
      [paddedBelow(graph, node.inputs[0]!, attributes)],
      windows(attributes),
    ),
};

export const maxPoolGradient: Lowering<PoolAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const [dy, x] = node.inputs as [Tensor, Tensor];
    const map = paddedBelow(graph, x, attributes);
    const pooled = graph.typed('MaxPool', node.dtype, [map], windows(attributes));
    const operands = [map, pooled, graph.read(dy, nhwc)];
    const gradient = graph.typed('MaxPoolGrad', node.dtype, operands, windows(attributes));
    return cropped(graph, 'float32', gradient, node.shape, attributes.padding);
  },
};

/** Shares of what lies inside the windows, where kernels take the padding into account. */
function withoutPadding(
  graph: GraphBuilder,
  value: string,
  area: Pair,
  size: Pair,
  attributes: PoolAttributes,
): string {
  if (noPadding(attributes.padding)) return value;
  return graph.typed('Mul', 'float32', [value, graph.constant(windowFactors(area, size, attributes))]);
}

const areaOf = ({ shape }: Tensor): Pair => [shape[2]!, shape[3]!];

export const avgPool: Lowering<PoolAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const x = node.inputs[0]!;
    const { padding } = attributes;
    const map = graph.read(x, nhwc);
    const around = noPadding(padding) ? map : padded(graph, 'float32', map, paddingPairs(padding));
    const means = graph.typed('AvgPool', node.dtype, [around], windows(attributes));
    return withoutPadding(graph, means, areaOf(node), areaOf(x), attributes);
  },
};

export const avgPoolGradient: Lowering<PoolAttributes & { readonly size: Pair }> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const dy = node.inputs[0]!;
    const { padding, size } = attributes;
    const [n, c, h, w] = node.shape as [number, number, number, number];
    const shares = withoutPadding(graph, graph.read(dy, nhwc), areaOf(dy), size, attributes);
    const shape = graph.ints([n, h + padding[0] + padding[2], w + padding[1] + padding[3], c]);
    const gradient = graph.typed('AvgPoolGrad', node.dtype, [shape, shares], windows(attributes));
    return cropped(graph, 'float32', gradient, node.shape, attributes.padding);
  },
};
