import type { ProfileEntry } from '@limbeck/core';

/** What is left of a step: values that go in and come out, and what calls cost besides the kernels. */
const elsewhere = 'outside of kernels';

/** A kernel and where in the program it is called. */
interface Called {
  readonly kernel: string;
  readonly scope: string;
}

/** Sums up how long kernels took, for devices that have computed when a call returns. */
export class KernelTimes {
  readonly #totals = new Map<
    string,
    { operation: string; scope: string; milliseconds: number; count: number }
  >();
  #wall = 0;
  #steps = 0;

  /**
   * One whole step.
   *
   * @param took milliseconds of each call
   * @param wall milliseconds of the step
   */
  add(calls: readonly Called[], took: readonly number[], wall: number): void {
    for (const [i, { kernel, scope }] of calls.entries()) {
      const key = `${kernel} ${scope}`;
      const total = this.#totals.get(key) ?? { operation: kernel, scope, milliseconds: 0, count: 0 };
      total.milliseconds += took[i]!;
      total.count++;
      this.#totals.set(key, total);
    }
    this.#wall += wall;
    this.#steps++;
  }

  /** Mean times of a step, the longest first, and last what no kernel took; none before the first step. */
  entries(): ProfileEntry[] {
    if (this.#steps === 0) return [];
    const known = [...this.#totals.values()].map(({ milliseconds, count, ...place }) => ({
      ...place,
      milliseconds: milliseconds / this.#steps,
      count: count / this.#steps,
    }));
    const inKernels = known.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const rest = Math.max(0, this.#wall / this.#steps - inKernels);
    return [
      ...known.sort((a, b) => b.milliseconds - a.milliseconds),
      { operation: elsewhere, scope: '', milliseconds: rest, count: 0 },
    ];
  }
}
