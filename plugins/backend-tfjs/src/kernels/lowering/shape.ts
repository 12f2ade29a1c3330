import type { Shape, Tensor } from '@limbeck/graph';
import { axesInMemory, inMemory, type Layout } from '../../lowering/layout.js';
import { followFirst } from '../../lowering/shape.js';
import { alongAxes, type Held } from './along-axes.js';
import type { Kernel } from './kernel.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

const held = (graph: PlanBuilder, x: Tensor, layout: Layout): Held => ({
  value: graph.read(x, layout),
  sizes: inMemory(x.shape, layout),
  dtype: x.dtype,
});

export const broadcastTo: Kernel<{ readonly shape: Shape }> = {
  onDemand: true,
  lower: ({ graph, node, attributes: { shape }, layout }) => graph.stretched(node.inputs[0]!, layout, shape),
};

type SliceAttributes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

export const slice: Kernel<SliceAttributes> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { starts, ends, steps }, layout }) => {
    const [begin, end, strides] = [starts, ends, steps].map((list) => inMemory(list, layout)) as [
      number[],
      number[],
      number[],
    ];
    const x = held(graph, node.inputs[0]!, layout);
    const { value, sizes, dtype } = x;
    const isWhole = (axis: number) => begin[axis] === 0 && end[axis] === sizes[axis] && strides[axis] === 1;
    return alongAxes(graph, x, {
      whole: () => graph.stridedSlice(value, begin, end, strides, dtype),
      axes: sizes.flatMap((_, axis) => (isWhole(axis) ? [] : [axis])),
      along: (part, axis, [outer, , inner]) =>
        graph.stridedSlice(
          part,
          [0, begin[axis]!, 0],
          [outer, end[axis]!, inner],
          [1, strides[axis]!, 1],
          dtype,
        ),
      sizeAfter: (axis) => Math.ceil((end[axis]! - begin[axis]!) / strides[axis]!),
    });
  },
};

type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

export const pad: Kernel<PadAttributes> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { before, after, value }, layout }) => {
    const pairs = inMemory(
      before.map((n, axis) => [n, after[axis]!] as const),
      layout,
    );
    const none = [0, 0] as const;
    const x = held(graph, node.inputs[0]!, layout);
    return alongAxes(graph, x, {
      whole: () => graph.pad(x.value, pairs, value),
      axes: pairs.flatMap(([first, last], axis) => (first + last === 0 ? [] : [axis])),
      along: (part, axis) => graph.pad(part, [none, pairs[axis]!, none], value),
      sizeAfter: (axis) => x.sizes[axis]! + pairs[axis]![0] + pairs[axis]![1],
    });
  },
};

export const concat: Kernel<{ readonly axis: number }> = {
  layout: followFirst,
  lower: ({ graph, node, attributes: { axis }, layout }) =>
    graph.concat(
      node.inputs.map((input) => graph.read(input, layout)),
      layout.indexOf(axis),
    ),
};

export const reverse: Kernel<{ readonly axes: readonly number[] }> = {
  layout: followFirst,
  lower: ({ graph, node, attributes, layout }) => {
    const x = held(graph, node.inputs[0]!, layout);
    const axes = axesInMemory(attributes.axes, layout);
    const turn = (part: Slot, dims: readonly number[]) => graph.emit('Reverse', { x: part }, { dims });
    return graph.moved([x.value], node.dtype, ([value]) =>
      alongAxes(
        graph,
        { ...x, value: value! },
        {
          whole: () => turn(value!, axes),
          axes,
          along: (part) => turn(part, [1]),
          sizeAfter: (axis) => x.sizes[axis]!,
        },
      ),
    );
  },
};
