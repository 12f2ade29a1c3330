import { LimbeckError } from '@limbeck/core';
import { allocateBatch, type Batch, type LoaderOptions, maskRest, type SampleOptions } from '../buffers.js';
import { targetCopier } from '../targets.js';
import { Loading } from './loading.js';
import type { Failure } from './messages.js';

/** Which samples make a batch, at most its size, and under which draw of their changes. */
export interface BatchPlan {
  readonly samples: Int32Array;
  readonly draw: number;
}

/** A batch of which only the first `count` samples are real. */
export interface FilledBatch extends Batch {
  readonly count: number;
}

/** Batches of one split, by positions of their own. */
export interface Batches<Position> {
  /**
   * The batch at a position: any, in any order, always the same. It stays valid until the call after the next. Where
   * threads load, the batches that follow are begun.
   */
  get(position: Position): Promise<FilledBatch>;
}

interface Begun {
  readonly batch: Batch;
  readonly ready: Promise<FilledBatch>;
}

/** Prepares batches. @throws LimbeckError SHAPE_MISMATCH where the normalisation does not fit the images */
export function createBatches<Position>(
  options: LoaderOptions & SampleOptions,
  {
    keyOf,
    planOf,
    after,
  }: {
    /** Tells positions apart. */
    keyOf(position: Position): string;
    planOf(position: Position): BatchPlan;
    /** The position that is likely asked for next. */
    after(position: Position): Position | undefined;
  },
): Batches<Position> {
  const {
    split,
    imageShape,
    normalization,
    seed,
    augment: changes,
    picture,
    loading = new Loading(),
  } = options;
  const [channels, height, width] = imageShape;
  const before = options.before ?? { channels, size: { height, width } };
  const copyTarget = targetCopier(split);
  const feed = loading.feed(split, { before, changes, imageShape, normalization, seed, picture });
  const isShared = feed.ahead > 0;
  const free: Batch[] = [];
  const given: Batch[] = [];
  const begun = new Map<string, Begun>();

  const fill = async (batch: Batch, { samples, draw }: BatchPlan): Promise<FilledBatch> => {
    const failures = await feed.fill(batch.images, samples, draw);
    samples.forEach((sample, slot) => {
      batch.indices[slot] = sample;
      copyTarget(sample, batch.targets, slot);
    });
    loading.handle(failures, split);
    replaceBad(batch, failures, samples.length);
    maskRest(batch, samples.length);
    return { ...batch, count: samples.length };
  };
  const begin = (position: Position): Begun => {
    const batch = free.pop() ?? allocateBatch(options, isShared);
    const ready = fill(batch, planOf(position));
    // whoever asks for it hears of its failure
    ready.catch(() => undefined);
    return { batch, ready };
  };
  return {
    async get(position) {
      const key = keyOf(position);
      if (given.length > 1 && !isShared) free.push(given.shift()!);
      const own = begun.get(key) ?? begin(position);
      begun.delete(key);
      if (!isShared) given.push(own.batch);
      const wanted = new Map<string, Position>();
      for (let next = after(position); next !== undefined && wanted.size < feed.ahead; next = after(next)) {
        wanted.set(keyOf(next), next);
      }
      for (const [other, { batch, ready }] of begun) {
        if (wanted.has(other)) continue;
        begun.delete(other);
        const release = () => void free.push(batch);
        ready.then(release, release);
      }
      for (const [other, next] of wanted) if (!begun.has(other)) begun.set(other, begin(next));
      if (!isShared) return own.ready;
      const into = given.length > 1 ? given.shift()! : allocateBatch(options, false);
      given.push(into);
      try {
        return { ...copyBatch(await own.ready, into), count: (await own.ready).count };
      } finally {
        free.push(own.batch);
      }
    },
  };
}

/** Runtimes take no shared memory: a batch that threads have written is copied out of it. */
function copyBatch(from: Batch, into: Batch): Batch {
  into.images.set(from.images);
  into.indices.set(from.indices);
  if (into.targets.kind !== 'none' && from.targets.kind !== 'none') {
    into.targets.values.set(from.targets.values);
  }
  return into;
}

/** Puts the next good sample of the batch in the place of each bad one. */
function replaceBad({ images, targets, indices }: Batch, failures: readonly Failure[], count: number): void {
  if (failures.length === 0) return;
  const bad = new Set(failures.map(({ slot }) => slot));
  if (bad.size === count) {
    throw new LimbeckError('BAD_DATA', `none of the ${count} samples of a batch can be loaded`, {
      hint: failures[0]!.message,
    });
  }
  const size = images.length / indices.length;
  const width = targets.kind === 'none' ? 0 : targets.values.length / indices.length;
  for (const slot of bad) {
    let from = slot;
    while (bad.has(from)) from = (from + 1) % count;
    images.copyWithin(slot * size, from * size, (from + 1) * size);
    if (targets.kind !== 'none') targets.values.copyWithin(slot * width, from * width, (from + 1) * width);
    indices[slot] = indices[from]!;
  }
}
