import type { Kind } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
import type { TensorData } from '@limbeck/graph';
import { compareGolden, parseGoldenValue } from '@limbeck/testkit';

/** Largest deviation allowed, relative to the root mean square of the expected values (test/golden/README.md). */
export const tolerances = { backbones: 1e-3, losses: 1e-4, trajectory: 1e-3, metrics: 1e-4 } as const;

/** What came of one case. */
export interface Outcome {
  /** File and name: `losses/kd`. */
  readonly name: string;
  readonly status: 'ok' | 'out-of-tolerance' | 'unknown' | 'unreadable';
  /** Largest deviation of all quantities of the case; absent where nothing could be compared. */
  readonly deviation?: number;
  /** Which quantity deviates most, or what is unknown or unreadable. */
  readonly detail: string;
}

/** What cases are run with. */
export interface GoldenContext {
  readonly host: Host;
  readonly backend: ComputeBackend;
}

/** True where a plugin contributes the id. */
export const knows = (host: Host, kind: Kind, id: string): boolean =>
  host.list(kind).some((entry) => entry.id === id);

/** Gathers the comparisons of one case. */
export class Comparison {
  readonly #name: string;
  readonly #tolerance: number;
  #worst = 0;
  #detail = 'nothing compared';

  constructor(name: string, tolerance: number) {
    this.#name = name;
    this.#tolerance = tolerance;
  }

  /** Compares a quantity with what the file holds for it. */
  compare(quantity: string, actual: number | TensorData | undefined, expected: unknown): void {
    if (actual === undefined) {
      this.note(quantity, Number.POSITIVE_INFINITY, 'there is no such quantity');
      return;
    }
    const { relative, message } = compareGolden(
      actual,
      parseGoldenValue(expected, `${this.#name}: ${quantity}`),
    );
    this.note(quantity, relative, message);
  }

  /** Compares things that must be equal, such as names and counts. */
  same(quantity: string, actual: unknown, expected: unknown): void {
    const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
    const differs = left !== right;
    this.note(
      quantity,
      differs ? Number.POSITIVE_INFINITY : 0,
      differs ? `is ${left}, expected ${right}` : 'equal',
    );
  }

  note(quantity: string, relative: number, message: string): void {
    if (relative < this.#worst || (relative === 0 && this.#detail !== 'nothing compared')) return;
    this.#worst = relative;
    this.#detail = `${quantity}: ${message}`;
  }

  outcome(): Outcome {
    const ok = this.#worst <= this.#tolerance && this.#detail !== 'nothing compared';
    return {
      name: this.#name,
      status: ok ? 'ok' : 'out-of-tolerance',
      deviation: this.#worst,
      detail: this.#detail,
    };
  }
}
