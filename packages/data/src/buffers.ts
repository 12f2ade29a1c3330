import { LimbeckError, type Split, type Targets } from '@limbeck/core';
import type { ImageShape, Normalization } from './normalize.js';
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
  /** [C, H, W] of the split's images. */
  readonly imageShape: ImageShape;
  readonly batchSize: number;
}

/** Number of bytes of one image. */
export function imageSize([channels, height, width]: ImageShape): number {
  return channels * height * width;
}

export function allocateBatch({
  split,
  batchSize,
  imageShape,
}: Pick<LoaderOptions, 'split' | 'batchSize' | 'imageShape'>): Batch {
  return {
    images: new Float32Array(batchSize * imageSize(imageShape)),
    targets: targetsLike(split, batchSize),
    indices: new Int32Array(batchSize),
  };
}

/**
 * Two batches used in turn, so that the one a step is working on stays whole while the next is drawn. They are
 * allocated once.
 */
export function createBatchRing(
  options: Pick<LoaderOptions, 'split' | 'batchSize' | 'imageShape'>,
): () => Batch {
  const ring = [allocateBatch(options), allocateBatch(options)] as const;
  let turn = 0;
  return () => {
    turn ^= 1;
    return ring[turn as 0 | 1];
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

/** Refuses buffers of a caller that do not fit the loader's batches. */
export function checkBatchFits(
  into: Batch,
  { split, batchSize, imageShape }: Pick<LoaderOptions, 'split' | 'batchSize' | 'imageShape'>,
): void {
  const pixels = batchSize * imageSize(imageShape);
  const numbers = (targets: Targets) => (targets.kind === 'none' ? 0 : targets.values.length);
  const expected = targetsLike(split, batchSize);
  if (
    into.images.length === pixels &&
    into.targets.kind === expected.kind &&
    numbers(into.targets) === numbers(expected) &&
    into.indices.length === batchSize
  )
    return;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `the buffers hold ${into.images.length} pixels, ${numbers(into.targets)} numbers of ${into.targets.kind} targets and ${into.indices.length} indices; ` +
      `a batch [${[batchSize, ...imageShape].join(', ')}] has ${pixels}, ${numbers(expected)} of ${expected.kind} targets and ${batchSize}`,
    { hint: 'allocate the buffers for this batch size and image shape' },
  );
}

/** Refuses a number that is not one of `count` positions counted from 0. */
export function checkPosition(name: string, value: number, count: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value < count) return;
  throw new RangeError(`${name} ${value} is outside [0, ${count})`);
}
