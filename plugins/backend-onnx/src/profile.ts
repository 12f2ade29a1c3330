import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProfileEntry, ProfileOptions } from '@limbeck/core/backend';
import type { InferenceSession } from 'onnxruntime-node';

/** An event of the runtime's profile, in Chrome's trace format. */
interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

const suffix = '_kernel_time';

/** What the runtime calls one step of a session. */
const step = 'model_run';

/** The scope that a node's name begins with; nodes the runtime made itself have none. */
export const scopeOf = (node: string): string => {
  const end = node.lastIndexOf('/');
  return end < 0 ? '' : node.slice(0, end);
};

/** The runtime writes its profile to a file when asked to end it; here it lives in a folder of its own until then. */
export class Profile {
  readonly prefix: string;
  readonly #folder: string;
  #entries: Promise<readonly ProfileEntry[]> | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.prefix = join(folder, 'profile');
  }

  static async create(): Promise<Profile> {
    return new Profile(await mkdtemp(join(tmpdir(), 'limbeck-onnx-')));
  }

  /** Ends the profile at the first call: later steps are not counted. */
  read(session: InferenceSession, { warmUp = 0 }: ProfileOptions): Promise<readonly ProfileEntry[]> {
    this.#entries ??= this.#finish(session, warmUp);
    return this.#entries;
  }

  /** Removes the folder. */
  discard(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  async #finish(session: InferenceSession, warmUp: number): Promise<readonly ProfileEntry[]> {
    session.endProfiling();
    const [file] = await readdir(this.#folder);
    if (file === undefined) return [];
    const events = JSON.parse(await readFile(join(this.#folder, file), 'utf8')) as TraceEvent[];
    await this.discard();
    return summarize(events, warmUp);
  }
}

/**
 * Mean kernel times of a step by operation and scope, the longest first.
 *
 * @param events in the order they ended: what a step ran, then the step
 * @param warmUp steps from the first that do not count
 */
export function summarize(events: readonly TraceEvent[], warmUp: number): ProfileEntry[] {
  let taken = 0;
  const totals = new Map<string, { operation: string; scope: string; microseconds: number; count: number }>();
  for (const { cat, name = '', dur = 0, args } of events) {
    if (cat === 'Session' && name === step) taken++;
    if (taken < warmUp || cat !== 'Node' || !name.endsWith(suffix)) continue;
    const operation = args?.op_name ?? 'unknown';
    const scope = scopeOf(name.slice(0, -suffix.length));
    const key = `${operation} ${scope}`;
    const total = totals.get(key) ?? { operation, scope, microseconds: 0, count: 0 };
    totals.set(key, { ...total, microseconds: total.microseconds + dur, count: total.count + 1 });
  }
  const steps = Math.max(taken - warmUp, 1);
  return [...totals.values()]
    .map(({ operation, scope, microseconds, count }) => ({
      operation,
      scope,
      milliseconds: microseconds / 1000 / steps,
      count: count / steps,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
