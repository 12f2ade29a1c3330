import { LimbeckError } from '@limbeck/core';
import type { Feeds } from '@limbeck/core/backend';
import { createDrawLoader, trainingImages } from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import type { ImageInput } from '../../programs/image-inputs.js';
import type { TeacherFeature } from '../../programs/teacher.js';
import type { Control } from '../../run/control.js';
import type { RunSpec } from '../../run/run-spec.js';
import { type FeatureSource, liveFeatures } from '../feature-source.js';
import type { LiveTeacher } from '../live-teacher.js';
import { factsOf } from './facts.js';
import { type FillOptions, fillStore, lockStore } from './fill.js';
import { cachedName, shardOf } from './layout.js';
import { shardName } from './shard.js';
import { checkSpace } from './space.js';
import type { CacheStore, Place } from './store.js';

/** Whose answers a cache keeps. */
export interface CachedTeacher {
  readonly name: string;
  readonly spec: RunSpec;
  /** What the run's steps look at, by input. */
  readonly imageInputs: ReadonlyMap<string, ImageInput>;
  /** Opens it; whoever does disposes of it. */
  readonly open: () => Promise<LiveTeacher>;
}

/**
 * The cache of one teacher at work. It is filled ahead of training, for every sample, rather than in passing during the
 * first epochs: an epoch leaves some samples out, a resumed run begins in its middle, and a cache that is complete before
 * the first step is one that any run can use. What is there is read through shard by shard, each before it is first used:
 * a run may use few of the draws, and need not wait for the others.
 */
export class TeacherCache {
  readonly #store: CacheStore;
  readonly #teacher: CachedTeacher;
  readonly #control: Control;
  #missing: readonly Place[];
  /** Names of shards that are as they were written. */
  readonly #sound = new Set<string>();

  /**
   * Looks what is there, says so, and makes sure that the rest has room.
   *
   * @throws LimbeckError WRITE_FAILED where the disk is too small
   */
  constructor(store: CacheStore, teacher: CachedTeacher, control: Control) {
    this.#store = store;
    this.#teacher = teacher;
    this.#control = control;
    this.#missing = store.missing((path, problem) => this.#reject(path, problem));
    control.emit({ type: 'cache', teacher: teacher.name, ...factsOf(store, this.#missing) });
    checkSpace(store.folder, store.bytesOf(this.#missing));
  }

  get isComplete(): boolean {
    return this.#missing.length === 0;
  }

  /**
   * Computes what is missing. Another process that fills the same cache is waited for.
   *
   * @throws LimbeckError INTERRUPTED with what is whole kept, WRITE_FAILED, NON_FINITE, PRECONDITION
   */
  async fill(live: LiveTeacher): Promise<void> {
    if (this.isComplete) return;
    // another process may have filled it since; what cannot be used has been told of
    await this.#compute(live, async () => this.#store.missing());
    this.#missing = [];
  }

  /**
   * What the teacher gave, instead of asking it; once the cache is complete. What turns out damaged is computed again
   * before it is used.
   */
  features(features: readonly TeacherFeature[], batchSize: number): FeatureSource {
    const reader = this.#store.reader(batchSize);
    return {
      features: async ({ indices, epoch }): Promise<Feeds> => {
        const draw = epoch % this.#store.draws;
        await this.#makeSound(draw, indices);
        const values = reader.read(draw, indices);
        return Object.fromEntries(
          features.map((feature) => [feature.input, values.get(cachedName(feature))!]),
        );
      },
      dispose: async () => reader.close(),
    };
  }

  /** Reads the shards of some samples through that nobody has read yet, and computes again what is not as it was written. */
  async #makeSound(draw: number, samples: Int32Array): Promise<void> {
    const shards = new Set(samples.map((sample) => shardOf(this.#store.layout, sample)));
    const damaged: Place[] = [];
    for (const shard of shards) {
      const place = { draw, shard };
      if (this.#sound.has(shardName(place))) continue;
      const problem = await this.#store.problemOf(place);
      if (problem === undefined) this.#sound.add(shardName(place));
      else {
        this.#reject(this.#store.path(place), problem);
        damaged.push(place);
      }
      if (this.#control.stop()) {
        throw new LimbeckError('INTERRUPTED', "the check of the teacher's cache was interrupted");
      }
    }
    if (damaged.length > 0) await this.#repair(damaged);
  }

  async #repair(damaged: readonly Place[]): Promise<void> {
    const live = await this.#teacher.open();
    try {
      await this.#compute(live, async () => {
        const found: Place[] = [];
        for (const place of damaged)
          if ((await this.#store.problemOf(place)) !== undefined) found.push(place);
        return found;
      });
    } finally {
      await live.dispose();
    }
    for (const place of damaged) this.#sound.add(shardName(place));
  }

  #reject(path: string, problem: string): void {
    this.#control.emit({
      type: 'warning',
      code: 'BAD_FILE',
      message: `${path} of the teacher's cache cannot be used: ${problem}`,
      hint: 'it is computed again',
    });
  }

  /** @param find what is to be computed, asked once nobody else writes there */
  async #compute(live: LiveTeacher, find: () => Promise<readonly Place[]>): Promise<void> {
    const { emit, stop } = this.#control;
    const teacher = this.#teacher.name;
    const store = this.#store;
    const unlock = await lockStore(store, {
      waiting: ({ message, hint }) => {
        const text = `${message}: waiting until the cache is filled`;
        const more = hint === undefined ? {} : { hint };
        emit({ type: 'warning', code: 'PRECONDITION', message: text, ...more });
      },
      stop,
    });
    try {
      const missing = await find();
      const started = performance.now();
      const total = missing.reduce((sum, { shard }) => sum + store.recordsOf(shard), 0);
      const progress = (done: number) => {
        const seconds = (performance.now() - started) / 1000;
        const secondsLeft = (seconds / done) * (total - done);
        emit({ type: 'cache-fill', teacher, done, total, imagesPerSecond: done / seconds, secondsLeft });
      };
      await fillStore(store, missing, { ask: this.#asking(live), progress, stop });
      const seconds = (performance.now() - started) / 1000;
      emit({ type: 'cache-filled', teacher, records: total, bytes: store.bytesOf(missing), seconds });
    } finally {
      unlock();
    }
  }

  /** Asks the teacher about every picture of a sample that something is kept of. */
  #asking(live: LiveTeacher): FillOptions['ask'] {
    const { spec, imageInputs } = this.#teacher;
    const { dataset, batchSize } = spec.data;
    const { train: split, imageShape } = dataset;
    const { features } = this.#store.layout;
    const loaders = [...new Set(features.map(({ image }) => image))].map((input) => {
      const { augment, number } = imageInputs.get(input)!;
      const common = { ...trainingImages(dataset), split, batchSize, seed: spec.seed };
      return { input, loader: createDrawLoader({ ...common, augment, picture: number }) };
    });
    const source = liveFeatures(
      live,
      features.map(({ name, path, image }) => ({ path, image, input: name })),
    );
    return async (draw, first, end) => {
      const drawn = await Promise.all(
        loaders.map(async ({ input, loader }) => ({ input, ...(await loader.batch(draw, first, end)) })),
      );
      const images = Object.fromEntries(
        drawn.map(({ input, images: pixels }) => [
          input,
          tensorData('float32', [batchSize, ...imageShape], pixels),
        ]),
      );
      const { indices, count } = drawn[0]!;
      return { features: await source.features({ images, indices, epoch: draw }), count };
    };
  }
}
