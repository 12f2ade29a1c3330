import { sizeOf, type TensorData, tensorData } from '@limbeck/graph';
import { inMemory, isLogical, type Layout } from './layout.js';

/** Data in another layout. */
export function reorder(data: TensorData, layout: Layout): TensorData {
  if (isLogical(layout)) return data;
  const shape = inMemory(data.shape, layout);
  const strides = data.shape.map((_, axis) => sizeOf(data.shape.slice(axis + 1)));
  const steps = inMemory(strides, layout);
  const out = tensorData(data.dtype, shape);
  const walk = (axis: number, from: number, to: number): number => {
    if (axis === shape.length) {
      out.data[to] = data.data[from]!;
      return to + 1;
    }
    let next = to;
    for (let i = 0; i < shape[axis]!; i++) next = walk(axis + 1, from + i * steps[axis]!, next);
    return next;
  };
  walk(0, 0, 0);
  return out;
}
