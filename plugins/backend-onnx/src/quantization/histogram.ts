import type { Range } from './levels.js';

/** Counts values in equal steps of a known range. */
export class Histogram {
  readonly #range: Range;
  readonly #zeros: boolean;
  readonly #counts = new Float64Array(2048);
  #total = 0;

  /** @param zeros whether they count; rounding leaves them as they are */
  constructor(range: Range, { zeros = true }: { readonly zeros?: boolean } = {}) {
    this.#range = range;
    this.#zeros = zeros;
  }

  /** Values within the range. */
  add(values: Float32Array): void {
    const { min, max } = this.#range;
    const counts = this.#counts;
    const last = counts.length - 1;
    const perUnit = max > min ? counts.length / (max - min) : 0;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0 && !this.#zeros) continue;
      counts[Math.min(Math.floor((values[i]! - min) * perUnit), last)]!++;
      this.#total++;
    }
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

  /** The range to which values are clipped before 256 levels tell most about them; see {@link divergence}. */
  leastDivergence(): Range {
    const { min, max } = this.#range;
    const counts = this.#counts;
    const step = (max - min) / counts.length;
    if (!(step > 0) || this.#total === 0) return this.#range;
    let best: Range = this.#range;
    let least = Infinity;
    // the same distance from zero on either side, as far as there are values
    const furthest = Math.max(-min, max);
    for (let i = candidates; i >= 1; i--) {
      const bound = (furthest * i) / candidates;
      const low = Math.max(Math.ceil((-bound - min) / step), 0);
      const high = Math.min(Math.floor((bound - min) / step), counts.length);
      if (high - low < levels) break;
      const value = divergence(counts, low, high);
      if (value >= least) continue;
      least = value;
      best = { min: min + low * step, max: min + high * step };
    }
    return best;
  }
}

/** Levels of 8 bits. */
const levels = 256;

/** Bounds that are tried. */
const candidates = 128;

/**
 * Kullback-Leibler divergence, in nats, of a histogram clipped to some of its bins, with what lies outside counted in the
 * outermost ones, from the same bins at the resolution of 256 levels.
 */
function divergence(counts: Float64Array, low: number, high: number): number {
  const inside = counts.subarray(low, high);
  const clipped = inside.slice();
  clipped[0]! += sum(counts.subarray(0, low));
  clipped[clipped.length - 1]! += sum(counts.subarray(high));
  const [total, kept] = [sum(clipped), sum(inside)];
  if (kept === 0) return Infinity;
  let result = 0;
  for (let level = 0; level < levels; level++) {
    const from = Math.round((level * inside.length) / levels);
    const to = Math.round(((level + 1) * inside.length) / levels);
    const filled = clipped.subarray(from, to).reduce((n, count) => n + Number(count > 0), 0);
    if (filled === 0) continue;
    // a level spreads evenly over those of its bins that hold anything; an empty one counts as half a value
    const even = Math.max(sum(inside.subarray(from, to)), 0.5) / filled / kept;
    for (let i = from; i < to; i++) {
      const share = clipped[i]! / total;
      if (share > 0) result += share * Math.log(share / even);
    }
  }
  return result;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
