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
  let samples = 0;
  return {
    add(x, y, count) {
      for (let row = 0; row < count; row++) {
        const [left, right] = [rowOf(x, row, p), rowOf(y, row, q)];
        for (let i = 0; i < p; i++) sums[0][i]! += left[i]!;
        for (let i = 0; i < q; i++) sums[1][i]! += right[i]!;
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
      return scale > 0 ? cross / scale : 0;
    },
  };
}

const rowOf = (values: ArrayLike<number>, row: number, width: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => values[row * width + i]!);

/** The sum over samples of the outer products of two rows. */
function products(height: number, width: number) {
  const total = new Float64Array(height * width);
  return {
    add(left: Float64Array, right: Float64Array) {
      for (let i = 0; i < height; i++) {
        const factor = left[i]!;
        for (let j = 0; j < width; j++) total[i * width + j]! += factor * right[j]!;
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
