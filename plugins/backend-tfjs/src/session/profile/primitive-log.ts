import type { ProfileEntry } from '@limbeck/core/backend';
import { type Primitive, parsePrimitive } from './primitive.js';
import { dealOut } from './wall-time.js';

/** Lines the profiled process writes around each step that counts; the end has the step's milliseconds behind it. */
export const marks = { begin: 'limbeck_profile,begin', end: 'limbeck_profile,end,' } as const;

/** What is left of a step. */
const elsewhere = 'other operations, not oneDNN';

/** A longer line is no line of the log. Characters. */
const longestLine = 1 << 14;

/** Primitives of one step that are kept at a time; of a longer step, parts are dealt out one by one. */
const mostSpans = 1 << 16;

interface Total {
  readonly entry: Pick<ProfileEntry, 'operation' | 'shape' | 'implementation'>;
  milliseconds: number;
  count: number;
}

/**
 * Sums up oneDNN's log as it is written: time by primitive, sizes and implementation over the steps between the {@link marks}. Lines
 * outside them are those of steps that warm up.
 */
export class PrimitiveLog {
  readonly #totals = new Map<string, Total>();
  /** The beginning of a line whose end is yet to come. */
  #partial = '';
  /** Primitives of the step that is going on; undefined between steps. */
  #running: Primitive[] | undefined;
  #covered = 0;
  #wall = 0;
  #steps = 0;

  /** Steps that were seen from begin to end. */
  get steps(): number {
    return this.#steps;
  }

  /** Takes the next piece of what the process writes, cut anywhere. */
  write(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop()!;
    // its beginning is enough to see that it is none of the log's
    if (this.#partial.length > longestLine) this.#partial = this.#partial.slice(0, longestLine);
    for (const line of lines) this.#take(line);
  }

  /** Mean times of a step, the longest first, and last what of its time no primitive ran in. Empty where none ran at all. */
  entries(): ProfileEntry[] {
    if (this.#totals.size === 0 || this.#steps === 0) return [];
    const known = [...this.#totals.values()].map(({ entry, milliseconds, count }) => ({
      ...entry,
      scope: '',
      milliseconds: milliseconds / this.#steps,
      count: count / this.#steps,
    }));
    const rest = Math.max(0, this.#wall - this.#covered) / this.#steps;
    return [
      ...known.sort((a, b) => b.milliseconds - a.milliseconds),
      { operation: elsewhere, scope: '', milliseconds: rest, count: 0 },
    ];
  }

  #take(line: string): void {
    if (line.startsWith(marks.begin)) {
      this.#running = [];
      return;
    }
    if (this.#running === undefined) return;
    if (line.startsWith(marks.end)) {
      this.#dealOut(this.#running);
      this.#running = undefined;
      this.#wall += Number(line.slice(marks.end.length));
      this.#steps++;
      return;
    }
    const primitive = parsePrimitive(line);
    if (primitive === undefined) return;
    this.#running.push(primitive);
    if (this.#running.length < mostSpans) return;
    this.#dealOut(this.#running);
    this.#running = [];
  }

  #dealOut(primitives: readonly Primitive[]): void {
    const { shares, covered } = dealOut(primitives);
    this.#covered += covered;
    for (const [i, { operation, shape, implementation }] of primitives.entries()) {
      const key = [operation, shape, implementation].join();
      const total = this.#totals.get(key) ?? {
        entry: { operation, shape, implementation },
        milliseconds: 0,
        count: 0,
      };
      total.milliseconds += shares[i]!;
      total.count++;
      this.#totals.set(key, total);
    }
  }
}
