/** How far a tensor is from what was expected. */
export interface Deviation {
  /** Largest difference of two elements, divided by the root mean square of the expected ones. Infinity for NaN. */
  readonly relative: number;
  /** Position of the element that is furthest off, row-major. */
  readonly position: number;
  readonly actual: number;
  readonly expected: number;
}

/** Root mean square; 0 for no elements. */
export function rootMeanSquare(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]! ** 2;
  return values.length === 0 ? 0 : Math.sqrt(total / values.length);
}

/**
 * Compares elements with a tolerance that fits the whole tensor: one small element among large ones may be off by more
 * than its own size, as rounding makes it.
 *
 * @param floor least root mean square to divide by, so that noise around an expected zero counts as what it is
 */
export function deviationOf(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor: number,
): Deviation {
  const scale = Math.max(rootMeanSquare(expected), floor);
  let worst: Deviation = { relative: 0, position: 0, actual: actual[0] ?? 0, expected: expected[0] ?? 0 };
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Object.is(a, e)) continue;
    const difference = Math.abs(a - e) / scale;
    const relative = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    if (relative > worst.relative) worst = { relative, position: i, actual: a, expected: e };
  }
  return worst;
}

/** `element 5 is 0.25, expected 0.5 (relative deviation 5.0e-1, tolerance 1.0e-4)`. */
export function describeDeviation(
  { relative, position, actual, expected }: Deviation,
  tolerance: number,
): string {
  return `element ${position} is ${actual}, expected ${expected} (relative deviation ${relative.toExponential(1)}, tolerance ${tolerance.toExponential(1)})`;
}
