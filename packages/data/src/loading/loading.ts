import { availableParallelism } from 'node:os';
import { LimbeckError, type Sample, type Split } from '@limbeck/core';
import { imageSize } from '../buffers.js';
import type { PictureCachePlace } from '../cache/picture-cache.js';
import { loadItems } from './load-items.js';
import type { Failure, Item } from './messages.js';
import { type Recipe, sendable } from './recipe.js';
import { createSampleLoader } from './sample-loader.js';
import { LoadingThreads } from './threads.js';

/** A sample that was left out. */
export interface SkippedSample {
  /** What the data set calls it: its path. */
  readonly name: string;
  readonly reason: string;
}

/** How samples are loaded. */
export interface LoadingOptions {
  /** Threads; 0 for none. Default: the machine's cores where pictures are decoded, none where pixels are in memory. */
  readonly workers?: number | undefined;
  /** Batches loaded ahead where threads load. Default 2. */
  readonly prefetch?: number | undefined;
  /** Where pictures are kept as pixels. Default: nowhere. */
  readonly cache?: PictureCachePlace | undefined;
  /** What a sample that cannot be loaded does to the run. Default `stop`. */
  readonly onError?: 'stop' | 'skip' | undefined;
}

/** Loads samples of one split by one recipe. */
export interface Feed {
  /** Whether images must lie in shared memory, and how many batches are worth loading ahead. */
  readonly ahead: number;
  /** Loads samples into the images of a batch, the i-th into slot i. Returns those that are bad. */
  fill(images: Float32Array, samples: Int32Array, draw: number): Promise<readonly Failure[]>;
}

/** Loads the samples of a run: with threads that all its loaders share, or without. */
export class Loading {
  readonly #options: LoadingOptions;
  readonly #skipped = new Map<string, SkippedSample>();
  #threads: LoadingThreads | undefined;
  #hear: (sample: SkippedSample) => void = () => undefined;

  constructor(options: LoadingOptions = {}) {
    this.#options = options;
  }

  /** Samples left out so far. */
  get skipped(): readonly SkippedSample[] {
    return [...this.#skipped.values()];
  }

  /** Tells of each sample that is left out from now on, once. */
  onSkip(hear: (sample: SkippedSample) => void): void {
    this.#hear = hear;
  }

  /** @throws LimbeckError SHAPE_MISMATCH where the normalisation does not fit the images */
  feed(split: Split, given: Recipe): Feed {
    const recipe = { ...given, cache: this.#options.cache };
    const sent = sendable(recipe);
    const workers = this.#workersFor(split);
    if (workers === 0 || sent === undefined) return hereFeed(split, recipe);
    this.#threads ??= new LoadingThreads(workers);
    const threads = this.#threads;
    const id = threads.register(sent);
    return {
      ahead: this.#options.prefetch ?? 2,
      fill: async (images, samples, draw) =>
        threads.load({ recipe: id, draw, images, items: await itemsOf(split, recipe, samples) }),
    };
  }

  /**
   * Says what becomes of bad samples.
   *
   * @throws LimbeckError BAD_DATA, BAD_FILE naming the first one, unless they are to be left out
   */
  handle(failures: readonly Failure[], split: Split): void {
    for (const { index, code, message, hint } of failures) {
      const name = split.nameOf?.(index) ?? `sample ${index}`;
      if (this.#options.onError !== 'skip') {
        throw new LimbeckError(code, message, { hint, details: { sample: index, name } });
      }
      if (this.#skipped.has(name)) continue;
      const skipped = { name, reason: message };
      this.#skipped.set(name, skipped);
      this.#hear(skipped);
    }
  }

  /** Ends its threads. */
  async dispose(): Promise<void> {
    await this.#threads?.dispose();
    this.#threads = undefined;
  }

  #workersFor({ open }: Split): number {
    const { workers } = this.#options;
    return workers ?? (open === undefined ? 0 : availableParallelism());
  }
}

/** In the thread that asks. Pixels are read without a detour; nothing is loaded ahead. */
function hereFeed(split: Split, recipe: Recipe): Feed {
  const loader = createSampleLoader(recipe);
  const size = imageSize(recipe.imageShape);
  if (split.read === undefined) {
    return {
      ahead: 0,
      fill: async (images, samples, draw) =>
        loadItems(loader, await itemsOf(split, recipe, samples), { draw, images, size }),
    };
  }
  const { channels, size: given } = recipe.before;
  const { height, width } = given!;
  const planes = loader.scratch;
  return {
    ahead: 0,
    async fill(images, samples, draw) {
      samples.forEach((sample, slot) => {
        split.read!(sample, planes, 0);
        const picture = { planes, channels, height, width };
        loader.finish(picture, { sample, draw, into: images, offset: slot * size });
      });
      return [];
    },
  };
}

async function itemsOf(split: Split, { before, cache }: Recipe, samples: Int32Array): Promise<Item[]> {
  const opened: (Sample | Promise<Sample>)[] = Array.from(samples, (index) =>
    split.open === undefined ? pixelsOf(split, before, index) : split.open(index),
  );
  // most open at once; waiting would cost a turn of the event loop
  const given = opened.some((sample) => sample instanceof Promise) ? await Promise.all(opened) : opened;
  return (given as Sample[]).map((sample, slot) => ({
    sample,
    name: split.nameOf?.(samples[slot]!) ?? ('file' in sample ? '' : String(samples[slot]!)),
    index: samples[slot]!,
    slot,
    ...(cache && { content: split.hashOf?.(samples[slot]!) }),
  }));
}

function pixelsOf(split: Split, { channels, size }: Recipe['before'], index: number): Sample {
  const { height, width } = size!;
  const pixels = new Uint8Array(channels * height * width);
  split.read!(index, pixels, 0);
  return { pixels, shape: [channels, height, width] };
}
