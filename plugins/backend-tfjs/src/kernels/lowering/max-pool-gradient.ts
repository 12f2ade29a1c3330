import type { PoolAttributes } from '@limbeck/graph';
import { type Sized, spread } from './convolution.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/**
 * The gradient of a max pool, place by place of its windows: the first element of a window that equals its maximum takes what
 * comes back. The kernel of the WASM backend starts its search at the smallest positive float, and loses the gradients of
 * windows without a positive element.
 */
export function maxPoolGradientByPlace(
  graph: PlanBuilder,
  { dy, x, y }: { readonly dy: Sized; readonly x: Sized; readonly y: Slot },
  { kernel, strides, padding }: PoolAttributes,
): Slot {
  const [n, h, w, c] = x.sizes;
  const [, rows, columns] = dy.sizes;
  const [height, width] = [rows * strides[0] + kernel[0] - 1, columns * strides[1] + kernel[1] - 1];
  const around = [
    [0, 0],
    [padding[0], height - h - padding[0]],
    [padding[1], width - w - padding[1]],
    [0, 0],
  ] as const;
  const map = graph.pad(x.value, around, Number.NEGATIVE_INFINITY);
  const none = graph.emit('ZerosLike', { x: dy.value });
  let open: Slot | undefined;
  let total: Slot | undefined;
  for (let place = 0; place < kernel[0] * kernel[1]; place++) {
    const [row, column] = [Math.floor(place / kernel[1]), place % kernel[1]];
    const end = [n, row + (rows - 1) * strides[0] + 1, column + (columns - 1) * strides[1] + 1, c];
    const seen = graph.stridedSlice(map, [0, row, column, 0], end, [1, ...strides, 1]);
    const equal = graph.emit('Equal', { a: seen, b: y });
    const hit = open === undefined ? equal : graph.emit('LogicalAnd', { a: equal, b: open });
    const others = graph.emit('LogicalNot', { x: equal });
    open = open === undefined ? others : graph.emit('LogicalAnd', { a: open, b: others });
    const value = graph.emit('Select', { condition: hit, t: dy.value, e: none });
    const apart = spread(graph, { value, sizes: dy.sizes }, strides);
    const part = graph.pad(apart.value, [
      [0, 0],
      [row, height - row - apart.sizes[1]],
      [column, width - column - apart.sizes[2]],
      [0, 0],
    ]);
    total = total === undefined ? part : graph.emit('Add', { a: total, b: part });
  }
  return graph.slice(total!, [0, padding[0], padding[1], 0], [n, h, w, c]);
}
