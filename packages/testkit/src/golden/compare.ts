import { LimbeckError } from '@limbeck/core';
import { formatShape, type Shape, sameShape, sizeOf, type TensorData } from '@limbeck/graph';
import { rootMeanSquare } from '../deviation.js';

/** A large tensor as golden files keep it: its first and last elements and what sums it up. */
export interface TensorSummary {
  readonly shape: Shape;
  readonly mean: number;
  readonly rms: number;
  /** First elements, row-major. */
  readonly head: readonly number[];
  /** Last elements, row-major. */
  readonly tail: readonly number[];
}

/** A small tensor, whole. */
export interface WholeTensor {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** What a golden file may hold for one quantity. */
export type GoldenValue = number | TensorSummary | WholeTensor;

/** Result of one comparison; the caller knows the tolerance. */
export interface GoldenDeviation {
  /** Largest difference relative to the expected root mean square (of a number: to its size). Infinity where shapes differ or NaN appears. */
  readonly relative: number;
  /** Where it is: `mean`, `rms`, `head[3]`, `data[17]`, `shape`, `value`. */
  readonly where: string;
  readonly message: string;
}

/** A tensor summed up as golden files do it. */
export function summarize({ shape, data }: TensorData, { ends = 6 }: { ends?: number } = {}): TensorSummary {
  let total = 0;
  for (const value of data) total += value;
  return {
    shape,
    mean: total / data.length,
    rms: rootMeanSquare(data),
    head: Array.from(data.subarray(0, ends)),
    tail: Array.from(data.subarray(Math.max(0, data.length - ends))),
  };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');

/**
 * Reads one entry of a golden file.
 *
 * @throws LimbeckError `BAD_DATA` when it is neither a number, nor a summary, nor a whole tensor
 */
export function parseGoldenValue(value: unknown, where: string): GoldenValue {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'object' && value !== null) {
    const entry = value as Record<string, unknown>;
    if (isNumbers(entry.shape)) {
      const size = sizeOf(entry.shape);
      if (isNumbers(entry.data) && entry.data.length === size) return entry as unknown as WholeTensor;
      const ends = isNumbers(entry.head) && isNumbers(entry.tail) ? [entry.head, entry.tail] : [];
      const fits = ends.length > 0 && ends.every((part) => part.length > 0 && part.length <= size);
      if (fits && typeof entry.mean === 'number' && typeof entry.rms === 'number') {
        return entry as unknown as TensorSummary;
      }
    }
  }
  throw new LimbeckError('BAD_DATA', `${where} is neither a number nor a tensor of a golden file`, {
    hint: 'a tensor is { shape, data } or { shape, mean, rms, head, tail }',
  });
}

type Part = readonly [where: string, actual: number, expected: number];

/** The largest difference among the parts, in units of `scale`. */
function worstOf(parts: readonly Part[], scale: number): GoldenDeviation {
  let worst: GoldenDeviation = { relative: 0, where: '', message: 'equal' };
  for (const [where, actual, expected] of parts) {
    const difference = Math.abs(actual - expected) / (scale === 0 ? 1 : scale);
    const relative = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    if (relative <= worst.relative) continue;
    worst = { relative, where, message: `${where} is ${actual}, expected ${expected}` };
  }
  return worst;
}

const indexed = (name: string, actual: ArrayLike<number>, expected: readonly number[]): Part[] =>
  expected.map((value, i) => [`${name}[${i}]`, actual[i] ?? Number.NaN, value]);

/** A tensor against its summary: shape, mean, rms, first and last elements, all relative to the expected rms. */
export function compareSummary(actual: TensorData, expected: TensorSummary): GoldenDeviation {
  const mismatch = shapeMismatch(actual, expected.shape);
  if (mismatch !== undefined) return mismatch;
  const own = summarize(actual);
  const start = actual.data.length - expected.tail.length;
  const parts: Part[] = [
    ['mean', own.mean, expected.mean],
    ['rms', own.rms, expected.rms],
    ...indexed('head', actual.data, expected.head),
    ...indexed('tail', actual.data.subarray(start), expected.tail),
  ];
  return worstOf(parts, expected.rms);
}

/** Anything a run gives against anything a golden file holds. */
export function compareGolden(actual: number | TensorData, expected: GoldenValue): GoldenDeviation {
  if (typeof expected === 'number') {
    const value = typeof actual === 'number' ? actual : (actual.data[0] ?? Number.NaN);
    const mismatch = typeof actual === 'number' ? undefined : shapeMismatch(actual, []);
    return mismatch ?? worstOf([['value', value, expected]], Math.abs(expected));
  }
  if (typeof actual === 'number') return differentShape('a number', formatShape(expected.shape));
  if (!('data' in expected)) return compareSummary(actual, expected);
  return (
    shapeMismatch(actual, expected.shape) ??
    worstOf(indexed('data', actual.data, expected.data), rootMeanSquare(expected.data))
  );
}

const shapeMismatch = ({ shape }: TensorData, expected: Shape): GoldenDeviation | undefined =>
  sameShape(shape, expected) ? undefined : differentShape(formatShape(shape), formatShape(expected));

const differentShape = (actual: string, expected: string): GoldenDeviation => ({
  relative: Number.POSITIVE_INFINITY,
  where: 'shape',
  message: `shape is ${actual}, expected ${expected}`,
});
