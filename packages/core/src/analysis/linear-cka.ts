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
  const pairs = {
    xx: products(p, p, { isOwn: true }),
    yy: products(q, q, { isOwn: true }),
    xy: products(p, q, { isOwn: false }),
  };
  const sides = [side(p), side(q)] as const;
  let samples = 0;
  return {
    add(x, y, count) {
      for (let row = 0; row < count; row += block) {
        const rows = Math.min(block, count - row);
        const [left, right] = [sides[0].take(x, row, rows), sides[1].take(y, row, rows)];
        pairs.xx.add(left, left);
        pairs.yy.add(right, right);
        pairs.xy.add(left, right);
      }
      samples += count;
    },
    value() {
      const [left, right] = [sides[0].sum, sides[1].sum];
      const cross = pairs.xy.centredNorm2(left, right, samples);
      const own = pairs.xx.centredNorm2(left, left, samples) * pairs.yy.centredNorm2(right, right, samples);
      return own === 0 ? 0 : cross / Math.sqrt(own);
    },
  };
}

/** Rows that are multiplied at a time: a matrix of sums is then read and written once for all of them. */
const block = 4;

/** One of the representations: its columns' sums, and blocks of its rows, the last one filled up with zeros. */
function side(width: number) {
  const sum = new Float64Array(width);
  const rows = new Float64Array(block * width);
  // measured from the first sample, values hardly lose digits when their means are taken off
  let origin: Float64Array | undefined;
  return {
    sum,
    take(values: ArrayLike<number>, first: number, count: number): Float64Array {
      origin ??= Float64Array.from({ length: width }, (_, i) => values[i]!);
      rows.fill(0);
      for (let i = 0; i < count * width; i++) {
        const value = values[first * width + i]! - origin[i % width]!;
        rows[i] = value;
        sum[i % width]! += value;
      }
      return rows;
    },
  };
}

/**
 * The sum over samples of the outer products of two rows.
 *
 * @param isOwn of rows with themselves, of which half is enough
 */
function products(height: number, width: number, { isOwn }: { readonly isOwn: boolean }) {
  const total = new Float64Array(height * width);
  const firstColumn = (row: number) => (isOwn ? row : 0);
  return {
    add(left: Float64Array, right: Float64Array): void {
      const [w2, w3] = [2 * width, 3 * width];
      for (let i = 0; i < height; i++) {
        const [a, b, c, d] = [left[i]!, left[height + i]!, left[2 * height + i]!, left[3 * height + i]!];
        const start = i * width;
        for (let j = firstColumn(i); j < width; j++) {
          total[start + j]! +=
            a * right[j]! + b * right[width + j]! + c * right[w2 + j]! + d * right[w3 + j]!;
        }
      }
    },
    /** Squared Frobenius norm of the same with rows centred over all samples. */
    centredNorm2(left: Float64Array, right: Float64Array, samples: number): number {
      let norm = 0;
      for (let i = 0; i < height; i++) {
        for (let j = firstColumn(i); j < width; j++) {
          const value = (total[i * width + j]! - (left[i]! * right[j]!) / samples) ** 2;
          norm += isOwn && i !== j ? 2 * value : value;
        }
      }
      return norm;
    },
  };
}
