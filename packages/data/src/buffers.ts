import { LimbeckError, type Split } from '@limbeck/core';
import type { ImageShape, Normalization } from './normalize.js';

/** One batch as a training or evaluation step takes it. */
export interface Batch {
  /** Normalised pixels, [N, C, H, W]. */
  readonly images: Float32Array;
  /** Class indices, [N]. */
  readonly labels: Int32Array;
  /** Which samples of the split these are, [N]. */
  readonly indices: Int32Array;
}

/** What every loader is made from. */
export interface LoaderOptions {
  readonly split: Split;
  readonly normalization: Normalization;
  /** [C, H, W] of the split's images. */
  readonly imageShape: ImageShape;
  readonly batchSize: number;
}

/** Number of bytes of one image. */
export function imageSize([channels, height, width]: ImageShape): number {
  return channels * height * width;
}

export function allocateBatch(batchSize: number, imageShape: ImageShape): Batch {
  return {
    images: new Float32Array(batchSize * imageSize(imageShape)),
    labels: new Int32Array(batchSize),
    indices: new Int32Array(batchSize),
  };
}

/**
 * Two batches used in turn, so that the one a step is working on stays whole while the next is drawn. They are
 * allocated once.
 */
export function createBatchRing(batchSize: number, imageShape: ImageShape): () => Batch {
  const ring = [allocateBatch(batchSize, imageShape), allocateBatch(batchSize, imageShape)] as const;
  let turn = 0;
  return () => {
    turn ^= 1;
    return ring[turn as 0 | 1];
  };
}

/** Masks what is left of a batch behind its first `count` samples: black images, class 0, no sample. */
export function maskRest({ images, labels, indices }: Batch, count: number): void {
  images.fill(0, (count * images.length) / labels.length);
  labels.fill(0, count);
  indices.fill(-1, count);
}

/** Refuses a batch size that is not a positive whole number. */
export function checkBatchSize(batchSize: number): void {
  if (Number.isSafeInteger(batchSize) && batchSize > 0) return;
  throw new LimbeckError('CONFIG_INVALID', `batchSize is ${batchSize}`, {
    hint: 'give a positive whole number',
  });
}

/** Refuses buffers of a caller that do not fit the loader's batches. */
export function checkBatchFits(into: Batch, batchSize: number, imageShape: ImageShape): void {
  const pixels = batchSize * imageSize(imageShape);
  if (into.images.length === pixels && into.labels.length === batchSize && into.indices.length === batchSize)
    return;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `the buffers hold ${into.images.length} pixels, ${into.labels.length} labels and ${into.indices.length} indices; ` +
      `a batch [${[batchSize, ...imageShape].join(', ')}] has ${pixels}, ${batchSize} and ${batchSize}`,
    { hint: 'allocate the buffers for this batch size and image shape' },
  );
}

/** Refuses a number that is not one of `count` positions counted from 0. */
export function checkPosition(name: string, value: number, count: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value < count) return;
  throw new RangeError(`${name} ${value} is outside [0, ${count})`);
}
