import { type ImageShape, LimbeckError, type Split, type Targets } from '@limbeck/core';
import type { Loading } from './loading/loading.js';
import type { Normalization } from './normalize.js';
import type { ChosenChange, OpenShape } from './pipeline/changes.js';
import { targetsLike } from './targets.js';

/** One batch as a training or evaluation step takes it. */
export interface Batch {
  /** Normalised pixels, [N, C, H, W]. */
  readonly images: Float32Array;
  /** Of the same kind as the split's. */
  readonly targets: Targets;
  /** Which samples of the split these are, [N]. */
  readonly indices: Int32Array;
}

/** What every loader is made from. */
export interface LoaderOptions {
  readonly split: Split;
  readonly normalization: Normalization;
  /** [C, H, W] of the images of a batch. */
  readonly imageShape: ImageShape;
  /** What samples are before any change. Default: `imageShape`. */
  readonly before?: OpenShape | undefined;
  readonly batchSize: number;
  /** Who loads. Default: the thread that asks. */
  readonly loading?: Loading | undefined;
}

/** What decides how a sample looks. */
export interface SampleOptions {
  /** The run's seed. A whole number. */
  readonly seed: number;
  /** Applied to every image in this order; none leaves the images as they are. */
  readonly augment: readonly ChosenChange[];
  /**
   * Which of several pictures of the same sample this is: pictures of another number are augmented by draws of their own.
   * Default 0.
   */
  readonly picture?: number | undefined;
}

/** Number of bytes of one image. */
export function imageSize([channels, height, width]: ImageShape): number {
  return channels * height * width;
}

/** @param shared whether other threads write its images */
export function allocateBatch(
  { split, batchSize, imageShape }: Pick<LoaderOptions, 'split' | 'batchSize' | 'imageShape'>,
  shared: boolean,
): Batch {
  const pixels = batchSize * imageSize(imageShape);
  return {
    images: shared ? new Float32Array(new SharedArrayBuffer(4 * pixels)) : new Float32Array(pixels),
    targets: targetsLike(split, batchSize),
    indices: new Int32Array(batchSize),
  };
}

/** Masks what is left of a batch behind its first `count` samples: black images, targets of zeros, no sample. */
export function maskRest({ images, targets, indices }: Batch, count: number): void {
  images.fill(0, (count * images.length) / indices.length);
  if (targets.kind !== 'none') {
    targets.values.fill(0, (count * targets.values.length) / indices.length);
  }
  indices.fill(-1, count);
}

/** Refuses a batch size that is not a positive whole number. */
export function checkBatchSize(batchSize: number): void {
  if (Number.isSafeInteger(batchSize) && batchSize > 0) return;
  throw new LimbeckError('CONFIG_INVALID', `batchSize is ${batchSize}`, {
    hint: 'give a positive whole number',
  });
}

/** Refuses a number that is not one of `count` positions counted from 0. */
export function checkPosition(name: string, value: number, count: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value < count) return;
  throw new RangeError(`${name} ${value} is outside [0, ${count})`);
}
