import { type Pair, type PoolAttributes, type Tensor, tensorData } from '@limbeck/graph';
import { nhwc } from '../../lowering/layout.js';
import { noPadding, windowFactors } from '../../lowering/windows.js';
import { mapOf } from './convolution.js';
import type { Kernel } from './kernel.js';
import { maxPoolGradientByPlace } from './max-pool-gradient.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';
import { paddingOf } from './windows.js';

const windows = ({ kernel, strides, padding }: PoolAttributes) => ({
  filterSize: kernel,
  strides,
  pad: paddingOf(padding),
});

/** True where each window holds one element: the kernels of the WASM backend refuse such a pool. */
const isSampling = ({ kernel }: PoolAttributes): boolean => kernel[0] === 1 && kernel[1] === 1;

/** A pool of maps: a window of one element takes every `strides`th of them. */
function pool(graph: PlanBuilder, kernel: string, map: Tensor, attributes: PoolAttributes): Slot {
  const x = graph.read(map, nhwc);
  if (!isSampling(attributes)) return graph.emit(kernel, { x }, windows(attributes));
  const [n, c, h, w] = map.shape as [number, number, number, number];
  return graph.stridedSlice(x, [0, 0, 0, 0], [n, h, w, c], [1, ...attributes.strides, 1]);
}

export const maxPool: Kernel<PoolAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => pool(graph, 'MaxPool', node.inputs[0]!, attributes),
};

export const maxPoolGradient: Kernel<PoolAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const [dy, x] = node.inputs as [Tensor, Tensor];
    const output = pool(graph, 'MaxPool', x, attributes);
    if (graph.target.device === 'wasm') {
      const maps = { dy: mapOf(graph, dy), x: mapOf(graph, x), y: output };
      return maxPoolGradientByPlace(graph, maps, attributes);
    }
    const operands = { dy: graph.read(dy, nhwc), input: graph.read(x, nhwc) };
    return graph.emit('MaxPoolGrad', { ...operands, output }, windows(attributes));
  },
};

export const avgPool: Kernel<PoolAttributes> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => pool(graph, 'AvgPool', node.inputs[0]!, attributes),
};

/** Shares of what lies inside the windows: the kernel of the gradient takes the padding into account. */
function sharesOf(graph: PlanBuilder, dy: Tensor, size: Pair, attributes: PoolAttributes): Slot {
  const value = graph.read(dy, nhwc);
  if (noPadding(attributes.padding)) return value;
  const factors = windowFactors([dy.shape[2]!, dy.shape[3]!], size, attributes);
  return graph.emit('Multiply', { a: value, b: graph.constant(factors) });
}

export const avgPoolGradient: Kernel<PoolAttributes & { readonly size: Pair }> = {
  layout: () => nhwc,
  lower: ({ graph, node, attributes }) => {
    const [n, c, h, w] = node.shape as [number, number, number, number];
    const dy = sharesOf(graph, node.inputs[0]!, attributes.size, attributes);
    // the kernel asks for the map and looks at its shape alone
    const input = graph.tile(graph.constant(tensorData('float32', [1, 1, 1, 1])), [n, h, w, c]);
    return graph.emit('AvgPoolGrad', { dy, input }, windows(attributes));
  },
};
