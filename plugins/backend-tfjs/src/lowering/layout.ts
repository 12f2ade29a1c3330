import type { Shape } from '@limbeck/graph';

/**
 * Order in which the axes of a value lie in memory: its axis `i` there is axis `layout[i]` of the program's tensor.
 * Programs speak of maps as [N, C, H, W] and of weights as [O, I, kH, kW]; TensorFlow's kernels want the channels last.
 */
export type Layout = readonly number[];

/** Maps [N, C, H, W] as [N, H, W, C]. */
export const nhwc: Layout = [0, 2, 3, 1];

/** Weights [O, I, kH, kW] as [kH, kW, I, O]. */
export const hwio: Layout = [2, 3, 1, 0];

/** Depthwise weights [C, 1, kH, kW] as [kH, kW, C, 1]. */
export const hwcm: Layout = [2, 3, 0, 1];

/** The program's own order. */
export const logical = (rank: number): Layout => Array.from({ length: rank }, (_, axis) => axis);

export const sameLayout = (a: Layout, b: Layout): boolean => a.every((axis, i) => axis === b[i]);

export const isLogical = (layout: Layout): boolean => layout.every((axis, i) => axis === i);

/** Sizes as they lie in memory; also starts, steps and the like, one an axis. */
export const inMemory = <T>(perAxis: readonly T[], layout: Layout): T[] =>
  layout.map((axis) => perAxis[axis]!);

/** Where axes of a tensor are found in memory. */
export const axesInMemory = (axes: readonly number[], layout: Layout): number[] =>
  axes.map((axis) => layout.indexOf(axis));

/** What `Transpose` takes to turn one layout into another. */
export const orderBetween = (from: Layout, to: Layout): number[] => axesInMemory(to, from);

/** True where two layouts of a shape hold the elements in the same order: only axes of size 1 are elsewhere. */
export const isReshape = (shape: Shape, from: Layout, to: Layout): boolean => {
  const wide = (layout: Layout) => layout.filter((axis) => shape[axis] !== 1);
  return sameLayout(wide(from), wide(to));
};
