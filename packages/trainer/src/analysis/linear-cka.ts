import { defineMetric, LimbeckError } from '@limbeck/core';
import { describePair, featurePair, pairOf, widthsOf } from './feature-pair.js';

/** Sums up the likeness of two representations of the same samples. */
export interface RepresentationAccumulator {
  /** Rows of both, row-major [count, width], perhaps followed by padding. */
  add(x: ArrayLike<number>, y: ArrayLike<number>, count: number): void;
  value(): number;
}

/**
 * Linear centred kernel alignment (Kornblith et al., ICML 2019, arXiv:1905.00414) of two representations, in feature space:
 * |Y'X|^2 / (|X'X| |Y'Y|) of columns centred over all samples that were added, so that the result does not depend on how
 * they were cut into batches. In float64; memory is the square of the widths, and independent of the samples.
 *
 * @param widths of the representations
 * @returns from 0 to 1; 0 where a representation is the same for all samples
 */
export function createLinearCka(widths: readonly [number, number]): RepresentationAccumulator {
  const [p, q] = widths;
  const pairs = { xx: products(p, p), yy: products(q, q), xy: products(p, q) };
  const sums = [new Float64Array(p), new Float64Array(q)] as const;
  const rows = [new Float64Array(p), new Float64Array(q)] as const;
  // measured from the first sample, values hardly lose digits when their means are taken off
  let origins: readonly [Float64Array, Float64Array] | undefined;
  let samples = 0;
  return {
    add(x, y, count) {
      if (count === 0) return;
      origins ??= [rowOf(x, p), rowOf(y, q)];
      for (let row = 0; row < count; row++) {
        const [left, right] = rows;
        shift(x, row * p, origins[0], left, sums[0]);
        shift(y, row * q, origins[1], right, sums[1]);
        pairs.xx.add(left, left);
        pairs.yy.add(right, right);
        pairs.xy.add(left, right);
      }
      samples += count;
    },
    value() {
      const cross = pairs.xy.centredNorm2(sums[0], sums[1], samples);
      const own = [
        pairs.xx.centredNorm2(sums[0], sums[0], samples),
        pairs.yy.centredNorm2(sums[1], sums[1], samples),
      ];
      const scale = Math.sqrt(own[0]! * own[1]!);
      return scale === 0 ? 0 : cross / scale;
    },
  };
}

const rowOf = (values: ArrayLike<number>, width: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => values[i]!);

/** A row as its distance from the origin, which is added to the sum too. */
function shift(
  values: ArrayLike<number>,
  start: number,
  origin: Float64Array,
  row: Float64Array,
  sum: Float64Array,
): void {
  for (let i = 0; i < origin.length; i++) {
    const value = values[start + i]! - origin[i]!;
    row[i] = value;
    sum[i]! += value;
  }
}

/** The sum over samples of the outer products of two rows. */
function products(height: number, width: number) {
  const total = new Float64Array(height * width);
  return {
    add(left: Float64Array, right: Float64Array) {
      for (let i = 0; i < height; i++) {
        const factor = left[i]!;
        const start = i * width;
        for (let j = 0; j < width; j++) total[start + j]! += factor * right[j]!;
      }
    },
    /** Squared Frobenius norm of the same with rows centred over all samples. */
    centredNorm2(left: Float64Array, right: Float64Array, samples: number): number {
      let norm = 0;
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          norm += (total[i * width + j]! - (left[i]! * right[j]!) / samples) ** 2;
        }
      }
      return norm;
    },
  };
}

/** Values of an image up to which a representation is compared: matrices of 4096 x 4096 take 128 MiB each. */
const widest = 4096;

/**
 * Linear CKA of a feature of the student and its teacher's over a split: how alike the two representations are whatever
 * their widths, rotations and scales. From 0 to 1.
 */
export const linearCka = defineMetric({
  id: 'linear-cka',
  description: "linear CKA of a feature of the student and its teacher's",
  better: 'higher',
  options: featurePair,
  features: pairOf,
  create(_, pair) {
    const widths = widthsOf(pair);
    if (Math.max(...widths) > widest) {
      throw new LimbeckError(
        'PRECONDITION',
        `'linear-cka' compares at most ${widest} values an image: ${describePair(pair)}`,
        { hint: 'leave `pooled` on, or choose a smaller feature' },
      );
    }
    const cka = createLinearCka(widths);
    return {
      add: ({ features, count }) => cka.add(features.student, features.teacher, count),
      value: () => cka.value(),
    };
  },
});
