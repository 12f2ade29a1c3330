import type { DType, Shape } from './dtype.js';

/** One input of a sample: filled evenly at random in [from, to], or with the listed values. */
export interface SampleInput {
  readonly shape: Shape;
  /** Default float32. */
  readonly dtype?: DType;
  /** Default -1. */
  readonly from?: number;
  /** Default 1. */
  readonly to?: number;
  /** Given instead of a range where the operation needs particular values. */
  readonly values?: readonly number[];
  /** False where the gradient check must leave this input alone (a kink, or no gradient). Default: every float input. */
  readonly differentiable?: boolean;
}

/** Inputs and attributes with which the generic tests try an operation. */
export interface Sample<A = Readonly<Record<string, unknown>>> {
  readonly inputs: readonly SampleInput[];
  readonly attributes?: A;
}

/** Samples of an elementwise function of one tensor over a range of arguments. */
export function unarySamples(range: { from: number; to: number }): readonly Sample<never>[] {
  return [[], [5], [2, 3, 4, 5]].map((shape) => ({ inputs: [{ shape, ...range }] }));
}

/** Samples of an elementwise function of two tensors: equal shapes and every kind of broadcasting. */
export function binarySamples(
  left: { from: number; to: number },
  right: { from: number; to: number } = left,
): readonly Sample<never>[] {
  const shapes: [number[], number[]][] = [
    [
      [3, 4],
      [3, 4],
    ],
    [
      [2, 3, 4, 4],
      [3, 1, 1],
    ],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [[], [2, 3]],
    [[4], []],
  ];
  return shapes.map(([a, b]) => ({
    inputs: [
      { shape: a, ...left },
      { shape: b, ...right },
    ],
  }));
}
