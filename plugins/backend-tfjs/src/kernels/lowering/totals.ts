import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/** Which axes of a value are summed up, and whether they stay as axes of size 1. */
export interface Totalled {
  readonly sizes: readonly number[];
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/**
 * Sums over axes. The kernel of the WASM backend adds one element after the other in single precision, which over the
 * positions of a map loses three bits more than need be: there sums of sums are taken, axis by axis.
 */
export function totals(graph: PlanBuilder, x: Slot, { sizes, axes, keepDims }: Totalled): Slot {
  if (graph.target.device !== 'wasm' || axes.length < 2)
    return graph.emit('Sum', { x }, { axis: axes, keepDims });
  const inner = [...axes].sort((a, b) => b - a);
  const summed = inner.reduce(
    (part, axis) => graph.emit('Sum', { x: part }, { axis: [axis], keepDims: true }),
    x,
  );
  if (keepDims) return summed;
  return graph.reshape(
    'float32',
    summed,
    sizes.filter((_, axis) => !axes.includes(axis)),
  );
}

/** Means over axes. */
export function means(graph: PlanBuilder, x: Slot, totalled: Totalled): Slot {
  const { sizes, axes, keepDims } = totalled;
  if (graph.target.device !== 'wasm') return graph.emit('Mean', { x }, { axis: axes, keepDims });
  const count = axes.reduce((product, axis) => product * sizes[axis]!, 1);
  return graph.emit('RealDiv', { a: totals(graph, x, totalled), b: graph.scalar(count) });
}
