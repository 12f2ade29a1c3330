import type { Feeds, Fetches } from '@limbeck/core';
import { createDrawLoader } from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import type { RunListener } from '../events.js';
import type { TeacherFeature } from '../programs/teacher.js';
import type { RunSpec } from '../run-spec.js';
import type { FeatureSource } from '../teachers/feature-source.js';
import type { LiveTeacher } from '../teachers/live-teacher.js';
import { factsOf } from './facts.js';
import { fillStore, lockStore } from './fill.js';
import { checkSpace } from './space.js';
import type { CacheStore, Place } from './store.js';

/** What a cache tells, and what ends its work. */
export interface Attention {
  readonly emit: RunListener;
  readonly stop: () => boolean;
}

/**
 * The cache of one teacher at work. It is filled ahead of training, for every sample, rather than in passing during the
 * first epochs: an epoch leaves some samples out, a resumed run begins in its middle, and a cache that is complete before
 * the first step is one that any run can use.
 */
export class TeacherCache {
  readonly store: CacheStore;
  readonly #teacher: string;
  #missing: readonly Place[];

  private constructor(store: CacheStore, teacher: string, missing: readonly Place[]) {
    this.store = store;
    this.#teacher = teacher;
    this.#missing = missing;
  }

  /**
   * Looks what is there, reading all of it, says so, and makes sure that the rest has room.
   *
   * @param teacher its name
   * @throws LimbeckError WRITE_FAILED where the disk is too small, INTERRUPTED
   */
  static async open(store: CacheStore, teacher: string, { emit, stop }: Attention): Promise<TeacherCache> {
    const missing = await store.missing((path, problem) => {
      emit({
        type: 'warning',
        code: 'BAD_FILE',
        message: `${path} of the teacher's cache cannot be used: ${problem}`,
        hint: 'it is computed again',
      });
    }, stop);
    emit({ type: 'cache', teacher, ...factsOf(store, missing) });
    checkSpace(store.folder, store.bytesOf(missing));
    return new TeacherCache(store, teacher, missing);
  }

  get isComplete(): boolean {
    return this.#missing.length === 0;
  }

  /**
   * Computes what is missing. Another process that fills the same cache is waited for.
   *
   * @throws LimbeckError INTERRUPTED with what is whole kept, WRITE_FAILED, NON_FINITE, PRECONDITION
   */
  async fill(live: LiveTeacher, { data, seed }: RunSpec, { emit, stop }: Attention): Promise<void> {
    if (this.isComplete) return;
    const { store } = this;
    const { dataset, batchSize, augment } = data;
    const { train: split, normalization, imageShape } = dataset;
    const unlock = await lockStore(store.folder, {
      waiting: ({ message, hint }) => {
        const text = `${message}: waiting until the cache is filled`;
        emit({
          type: 'warning',
          code: 'PRECONDITION',
          message: text,
          ...(hint === undefined ? {} : { hint }),
        });
      },
      stop,
    });
    try {
      // another process may have filled it since; what cannot be used has been told of
      const missing = await store.missing(() => undefined, stop);
      const loader = createDrawLoader({
        split,
        normalization,
        imageShape,
        batchSize,
        seed,
        augment: augment.map(({ contribution, options }) => contribution.create(options, imageShape)),
      });
      const started = performance.now();
      const total = missing.reduce((sum, { shard }) => sum + store.recordsOf(shard), 0);
      const ask = (images: Float32Array): Promise<Fetches> =>
        live.run(tensorData('float32', [batchSize, ...imageShape], images));
      const progress = (done: number) => {
        const seconds = (performance.now() - started) / 1000;
        const secondsLeft = (seconds / done) * (total - done);
        emit({
          type: 'cache-fill',
          teacher: this.#teacher,
          done,
          total,
          imagesPerSecond: done / seconds,
          secondsLeft,
        });
      };
      await fillStore(store, missing, { loader, ask, progress, stop });
      const seconds = (performance.now() - started) / 1000;
      const bytes = store.bytesOf(missing);
      emit({ type: 'cache-filled', teacher: this.#teacher, records: total, bytes, seconds });
      this.#missing = [];
    } finally {
      unlock();
    }
  }

  /** What the teacher gave, instead of asking it; once the cache is complete. */
  features(features: readonly TeacherFeature[], batchSize: number): FeatureSource {
    const reader = this.store.reader(batchSize);
    return {
      features: async ({ indices, epoch }): Promise<Feeds> => {
        const values = reader.read(epoch % this.store.draws, indices);
        return Object.fromEntries(features.map(({ path, input }) => [input, values.get(path)!]));
      },
      dispose: async () => reader.close(),
    };
  }
}
