import { type DType, sizeOf } from '@limbeck/graph';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/** Axes that all kernels follow; those that pad, repeat, step and turn round follow no more on graphics processors. */
const followed = 4;

/** A value as it lies in memory. */
export interface Held {
  readonly value: Slot;
  readonly sizes: readonly number[];
  readonly dtype: DType;
}

/** What is done along each of some axes of a value. */
export interface AxisWork {
  /** All of it at once, where the kernels follow the value's axes. */
  readonly whole: () => Slot;
  readonly axes: readonly number[];
  /** Along one of them alone: the middle one of three, the axes around it being one each. */
  readonly along: (x: Slot, axis: number, three: readonly [number, number, number]) => Slot;
  /** Size of such an axis afterwards. */
  readonly sizeAfter: (axis: number) => number;
}

/** Work along the axes of a value; where it has more than kernels follow, along one after the other. */
export function alongAxes(
  graph: PlanBuilder,
  { value, sizes: before, dtype }: Held,
  { whole, axes, along, sizeAfter }: AxisWork,
): Slot {
  if (before.length <= followed) return whole();
  const sizes = [...before];
  const done = axes.reduce((x, axis) => {
    const three = [sizeOf(sizes.slice(0, axis)), sizes[axis]!, sizeOf(sizes.slice(axis + 1))] as const;
    sizes[axis] = sizeAfter(axis);
    return along(graph.reshape(dtype, x, three), axis, three);
  }, value);
  return graph.reshape(dtype, done, sizes);
}
