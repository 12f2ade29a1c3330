import type { Range } from './levels.js';

/** Counts values in equal steps of a known range. */
export class Histogram {
  readonly #range: Range;
  readonly #counts = new Float64Array(2048);
  #total = 0;

  constructor(range: Range) {
    this.#range = range;
  }

  /** Values within the range. */
  add(values: Float32Array): void {
    const { min, max } = this.#range;
    const counts = this.#counts;
    const last = counts.length - 1;
    const perUnit = max > min ? counts.length / (max - min) : 0;
    for (let i = 0; i < values.length; i++) {
      counts[Math.min(Math.floor((values[i]! - min) * perUnit), last)]!++;
    }
    this.#total += values.length;
  }

  /** The smallest range with at most a share `rare` of the values below it, and as many above. */
  within(rare: number): Range {
    const { min, max } = this.#range;
    const counts = this.#counts;
    const step = (max - min) / counts.length;
    const allowed = rare * this.#total;
    const skipped = (countAt: (i: number) => number): number => {
      let seen = 0;
      let bins = 0;
      while (bins < counts.length && seen + countAt(bins) <= allowed) seen += countAt(bins++);
      return bins;
    };
    const below = skipped((i) => counts[i]!);
    const above = skipped((i) => counts[counts.length - 1 - i]!);
    return { min: min + below * step, max: max - above * step };
  }
}
