import { setTimeout as sleep } from 'node:timers/promises';
import { type Fetches, isLimbeckError, LimbeckError } from '@limbeck/core';
import type { DrawLoader } from '@limbeck/data';
import { makeFolder } from '../files/make-folder.js';
import { lockFolder } from '../folder/lock.js';
import { rangeOf } from './layout.js';
import type { CacheStore, Place } from './store.js';

/** Milliseconds between two looks at a cache that another process fills. */
const patience = 500;

/** What filling a cache needs. */
export interface FillOptions {
  /** Every training sample under any draw. */
  readonly loader: DrawLoader;
  /** The teacher's features of a batch, by path. */
  readonly ask: (images: Float32Array) => Promise<Fetches>;
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
      const { images, count } = options.loader.batch(run[0]!.draw, first, last);
      const rows = rowsOf(await options.ask(images), store.layout.features);
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
  fetches: Fetches,
  features: readonly { readonly path: string }[],
): (row: number) => ReadonlyMap<string, Float32Array> {
  const batch = features.map(({ path }) => {
    const { data, shape } = fetches[path]!;
    return { path, data: data as Float32Array, size: data.length / shape[0]! };
  });
  return (row) =>
    new Map(batch.map(({ path, data, size }) => [path, data.subarray(row * size, (row + 1) * size)]));
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
