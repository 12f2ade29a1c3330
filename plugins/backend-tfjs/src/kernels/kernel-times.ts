import type { ProfileEntry, ProfileOptions } from '@limbeck/core/backend';

/** What is left of a step: values that go in and come out, and what calls cost besides the kernels. */
const elsewhere = 'outside of kernels';

/** A kernel and where in the program it is called. */
interface Called {
  readonly kernel: string;
  readonly scope: string;
}

/** One step: what its calls took, and it as a whole, in milliseconds. */
interface Step {
  readonly calls: readonly Called[];
  readonly took: readonly number[];
  readonly wall: number;
}

/** Keeps how long kernels took, for devices that have computed when a call returns. */
export class KernelTimes {
  readonly #steps: Step[] = [];

  /**
   * One whole step.
   *
   * @param took milliseconds of each call
   * @param wall milliseconds of the step
   */
  add(calls: readonly Called[], took: readonly number[], wall: number): void {
    this.#steps.push({ calls, took, wall });
  }

  /** Mean times of a step, the longest first, and last what no kernel took; none before the first step that counts. */
  entries({ warmUp = 0 }: ProfileOptions = {}): ProfileEntry[] {
    const steps = this.#steps.slice(warmUp);
    if (steps.length === 0) return [];
    const totals = new Map<string, { operation: string; scope: string; sum: number; calls: number }>();
    let rest = 0;
    for (const { calls, took, wall } of steps) {
      rest += wall;
      for (const [i, { kernel, scope }] of calls.entries()) {
        const key = `${kernel} ${scope}`;
        const total = totals.get(key) ?? { operation: kernel, scope, sum: 0, calls: 0 };
        total.sum += took[i]!;
        total.calls++;
        totals.set(key, total);
        rest -= took[i]!;
      }
    }
    const known = [...totals.values()].map(({ operation, scope, sum, calls }) => ({
      operation,
      scope,
      milliseconds: sum / steps.length,
      count: calls / steps.length,
    }));
    return [
      ...known.sort((a, b) => b.milliseconds - a.milliseconds),
      { operation: elsewhere, scope: '', milliseconds: Math.max(0, rest) / steps.length, count: 0 },
    ];
  }
}
