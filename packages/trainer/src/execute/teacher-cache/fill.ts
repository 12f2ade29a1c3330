import { setTimeout as sleep } from 'node:timers/promises';
import { isLimbeckError, LimbeckError } from '@limbeck/core';
import type { Feeds } from '@limbeck/core/backend';
import { lockFolder } from '../../files/lock.js';
import { makeFolder } from '../../files/make-folder.js';
import { rangeOf } from './layout.js';
import type { CacheStore, Place } from './store.js';

/** Milliseconds between two looks at a cache that another process fills. */
const patience = 500;

/** What filling a cache needs. */
export interface FillOptions {
  /**
   * The teacher's features, by name, of training samples under a draw: those from `first` on, as many as fit a batch and at
   * most up to `end`, in the first `count` rows.
   */
  readonly ask: (draw: number, first: number, end: number) => Promise<{ features: Feeds; count: number }>;
  /** Hears after every batch how many records are done. */
  readonly progress: (records: number) => void;
  readonly stop: () => boolean;
}

/**
 * Computes the shards that are missing, in order, and writes each as soon as it is whole. Neighbouring shards are computed
 * in one go, so that only the last batch of such a run is not full.
 *
 * @throws LimbeckError INTERRUPTED (whole shards stay), WRITE_FAILED, NON_FINITE, PRECONDITION
 */
export async function fillStore(
  store: CacheStore,
  missing: readonly Place[],
  options: FillOptions,
): Promise<void> {
  store.prepare();
  let records = 0;
  for (const run of runsOf(missing)) {
    let left = run;
    let builder = store.builder(left[0]!);
    const [, last] = rangeOf(store.layout, run.at(-1)!.shard);
    for (let first = builder.first; first < last; ) {
      const { features, count } = await options.ask(run[0]!.draw, first, last);
      const rows = rowsOf(features, store.layout.features);
      for (let row = 0; row < count; row++) {
        builder.set(first + row, rows(row));
        if (first + row + 1 < builder.end) continue;
        store.write(left[0]!, builder);
        left = left.slice(1);
        if (left.length > 0) builder = store.builder(left[0]!);
      }
      first += count;
      records += count;
      options.progress(records);
      // signals and messages reach this thread between batches only
      await new Promise(setImmediate);
      if (options.stop()) {
        throw new LimbeckError('INTERRUPTED', "the filling of the teacher's cache was interrupted");
      }
    }
  }
}

/** Missing shards in runs of neighbours. */
function runsOf(missing: readonly Place[]): Place[][] {
  const runs: Place[][] = [];
  for (const place of missing) {
    const before = runs.at(-1)?.at(-1);
    if (before?.draw === place.draw && before.shard + 1 === place.shard) runs.at(-1)!.push(place);
    else runs.push([place]);
  }
  return runs;
}

/** One sample's features out of a batch's. */
function rowsOf(
  given: Feeds,
  features: readonly { readonly name: string }[],
): (row: number) => ReadonlyMap<string, Float32Array> {
  const batch = features.map(({ name }) => {
    const { data, shape } = given[name]!;
    return { name, data: data as Float32Array, size: data.length / shape[0]! };
  });
  return (row) =>
    new Map(batch.map(({ name, data, size }) => [name, data.subarray(row * size, (row + 1) * size)]));
}

/**
 * Makes the folder of a cache where it is not there, and keeps other processes from filling the same cache; where one
 * does, waits for it.
 *
 * @param waiting hears once, before the wait, who fills it
 * @returns gives the lock back
 * @throws LimbeckError INTERRUPTED, WRITE_FAILED
 */
export async function lockStore(
  { folder, elsewhere }: Pick<CacheStore, 'folder' | 'elsewhere'>,
  { waiting, stop }: { waiting: (error: LimbeckError) => void; stop: () => boolean },
): Promise<() => void> {
  makeFolder(folder, elsewhere);
  for (let told = false; ; told = true) {
    try {
      return lockFolder(folder, elsewhere);
    } catch (error) {
      if (!isLimbeckError(error) || error.code !== 'PRECONDITION') throw error;
      if (!told) waiting(error);
    }
    if (stop()) throw new LimbeckError('INTERRUPTED', "the wait for the teacher's cache was interrupted");
    await sleep(patience);
  }
}
