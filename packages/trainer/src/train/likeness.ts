import type { Fetches } from '@limbeck/core/backend';
import { cosine } from '../analysis/cosine.js';
import { mostLikely } from '../analysis/most-likely.js';
import type { Fidelity } from '../run/facts.js';

/** Adds up how alike the outputs of a model and of its rounded form are, sample by sample. */
export class Likeness {
  readonly #cosines: ReadonlyMap<string, { sum: number; worst: number }>;
  #samples = 0;
  #same = 0;
  readonly #kl = { 1: 0, 4: 0 };

  /** @param taps outputs whose directions are compared; `logits` is compared as predictions in any case */
  constructor(taps: readonly string[]) {
    this.#cosines = new Map(taps.map((tap) => [tap, { sum: 0, worst: 1 }]));
  }

  /** The first `count` samples of a batch. */
  add(exact: Fetches, rounded: Fetches, count: number): void {
    for (const [tap, cosines] of this.#cosines) {
      const [a, b] = [exact[tap]!.data as Float32Array, rounded[tap]!.data as Float32Array];
      const size = a.length / exact[tap]!.shape[0]!;
      for (let row = 0; row < count; row++) {
        const value = cosine(a, b, { start: row * size, size });
        cosines.sum += value;
        cosines.worst = Math.min(cosines.worst, value);
      }
    }
    const classes = exact.logits!.shape[1]!;
    const [a, b] = [exact.logits!.data as Float32Array, rounded.logits!.data as Float32Array];
    for (let row = 0; row < count; row++) {
      const start = row * classes;
      if (mostLikely(a, start, classes) === mostLikely(b, start, classes)) this.#same++;
      for (const temperature of [1, 4] as const) {
        const [p, q] = [a, b].map((all) => logSoftmax(all.subarray(start, start + classes), temperature)) as [
          number[],
          number[],
        ];
        this.#kl[temperature] += p.reduce((sum, log, i) => sum + Math.exp(log) * (log - q[i]!), 0);
      }
    }
    this.#samples += count;
  }

  value(): Fidelity {
    const samples = this.#samples;
    return {
      samples,
      agreement: this.#same / samples,
      cosine: Object.fromEntries(
        [...this.#cosines].map(([tap, { sum, worst }]) => [tap, { mean: sum / samples, worst }]),
      ),
      kl1: this.#kl[1] / samples,
      kl4: this.#kl[4] / samples,
    };
  }
}

function logSoftmax(logits: Float32Array, temperature: number): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const largest = Math.max(...scaled);
  const sum = scaled.reduce((total, value) => total + Math.exp(value - largest), 0);
  return scaled.map((value) => value - largest - Math.log(sum));
}
