import { LimbeckError } from '@limbeck/core';
import {
  type Batch,
  checkBatchFits,
  checkBatchSize,
  checkPosition,
  createBatchRing,
  imageSize,
  type LoaderOptions,
  maskRest,
} from './buffers.js';
import { createNormalizer } from './normalize.js';
import { targetCopier } from './targets.js';

/** A batch of which only the first `count` samples are real; see {@link EvalLoader.batch}. */
export interface EvalBatch extends Batch {
  /** Number of real samples, counted from the first; less than the batch size only in the last batch. */
  readonly count: number;
}

/** Every sample of a split once, in the split's order, in batches of one fixed size. */
export interface EvalLoader {
  readonly batchSize: number;
  /** Number of batches, the padded one included. */
  readonly batches: number;
  /** Number of samples over all batches. */
  readonly samples: number;
  /**
   * The batch of one step. Programs have one batch size, so the last batch is filled up with images and targets of
   * zeros and index -1: leave slots from `count` on out of every metric.
   *
   * Without `into` the batch lies in one of two buffers used in turn: it stays valid until the call after the next.
   */
  batch(step: number, into?: Batch): EvalBatch;
}

/**
 * Prepares the batches of a split for evaluation.
 *
 * @throws LimbeckError `BAD_DATA` when the split is empty, `CONFIG_INVALID` when the batch size is not a whole number,
 *   `SHAPE_MISMATCH` when the normalisation does not fit the images
 */
export function createEvalLoader(options: LoaderOptions): EvalLoader {
  const { split, imageShape, batchSize } = options;
  checkBatchSize(batchSize);
  if (split.length === 0) {
    throw new LimbeckError('BAD_DATA', 'the split to evaluate on has no samples', {
      hint: 'evaluate on a split that has samples',
    });
  }
  const normalize = createNormalizer(options.normalization, imageShape);
  const nextBatch = createBatchRing(options);
  const copyTarget = targetCopier(split);
  const batches = Math.ceil(split.length / batchSize);
  const size = imageSize(imageShape);
  const image = new Uint8Array(size);

  return {
    batchSize,
    batches,
    samples: split.length,
    batch(step, into) {
      checkPosition('step', step, batches);
      if (into !== undefined) checkBatchFits(into, options);
      const batch = into ?? nextBatch();
      const { images, targets, indices } = batch;
      const first = step * batchSize;
      const count = Math.min(batchSize, split.length - first);
      for (let slot = 0; slot < count; slot++) {
        const sample = first + slot;
        split.read(sample, image, 0);
        normalize(image, images, slot * size);
        copyTarget(sample, targets, slot);
        indices[slot] = sample;
      }
      maskRest(batch, count);
      return { ...batch, count };
    },
  };
}
