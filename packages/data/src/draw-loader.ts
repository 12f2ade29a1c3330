import {
  type Batch,
  checkBatchSize,
  checkPosition,
  createBatchRing,
  imageSize,
  type LoaderOptions,
  maskRest,
} from './buffers.js';
import type { EvalBatch } from './eval-loader.js';
import { createSampler, type SampleOptions } from './samples.js';
import { targetCopier } from './targets.js';

/** Every training sample under one augmentation draw, in the split's order, from wherever one likes. */
export interface DrawLoader {
  readonly batchSize: number;
  /** Number of samples of the split. */
  readonly samples: number;
  /**
   * The samples from `first` on, as many as fit a batch and at most up to `end` (default: all), each as the training loader
   * shows it in an epoch that uses this draw. A batch that is not full is filled up as an {@link EvalBatch} is.
   *
   * The batch lies in one of two buffers used in turn: it stays valid until the call after the next.
   */
  batch(draw: number, first: number, end?: number): EvalBatch;
}

/**
 * Prepares the training samples for something that must see every one of them, such as the cache of a teacher: those
 * that an epoch leaves out of its last batch as well.
 *
 * @throws LimbeckError `CONFIG_INVALID` when the batch size is not a whole number, `SHAPE_MISMATCH` when the
 *   normalisation does not fit the images
 */
export function createDrawLoader(options: LoaderOptions & SampleOptions): DrawLoader {
  const { split, imageShape, batchSize } = options;
  checkBatchSize(batchSize);
  const read = createSampler(options);
  const nextBatch = createBatchRing(options);
  const copyTarget = targetCopier(split);
  const size = imageSize(imageShape);
  return {
    batchSize,
    samples: split.length,
    batch(draw, first, end = split.length) {
      checkPosition('draw', draw, Number.MAX_SAFE_INTEGER);
      checkPosition('end', end, split.length + 1);
      checkPosition('first', first, end);
      const batch: Batch = nextBatch();
      const { images, targets, indices } = batch;
      const count = Math.min(batchSize, end - first);
      for (let slot = 0; slot < count; slot++) {
        const sample = first + slot;
        read(sample, draw, images, slot * size);
        copyTarget(sample, targets, slot);
        indices[slot] = sample;
      }
      maskRest(batch, count);
      return { ...batch, count };
    },
  };
}
