import { LimbeckError } from '@limbeck/core';
import {
  type Batch,
  checkBatchFits,
  checkBatchSize,
  checkPosition,
  createBatchRing,
  imageSize,
  type LoaderOptions,
} from './buffers.js';
import { shuffleInto } from './order.js';
import { createSampler, type SampleOptions } from './samples.js';
import { targetCopier } from './targets.js';

/** What a loader of training batches reads, and in which order. */
export interface TrainLoaderOptions extends LoaderOptions, SampleOptions {
  /** The run's seed: decides every epoch's order and every sample's augmentation. A whole number. */
  readonly seed: number;
  /** Augmentation draws of a sample: epoch e shows draw e mod `draws`. Default: a new one every epoch. */
  readonly draws?: number;
}

/** Batches of a training split in shuffled order, addressed by (epoch, step). */
export interface TrainLoader {
  readonly batchSize: number;
  /** Whole batches in an epoch. Samples that do not fill one are left out; which ones changes with the epoch. */
  readonly batchesPerEpoch: number;
  /**
   * The batch of one step: any step, in any order, always the same, so that a run resumes in mid-epoch exactly.
   *
   * Without `into` the batch lies in one of two buffers used in turn: it stays valid until the call after the next.
   * Copy what must live longer, or pass buffers of your own.
   */
  batch(epoch: number, step: number, into?: Batch): Batch;
}

/**
 * Prepares the batches of a training split.
 *
 * @throws LimbeckError `BAD_DATA` when the split is smaller than one batch, `CONFIG_INVALID` when the batch size, the
 *   seed or the number of draws is not a whole number, `SHAPE_MISMATCH` when the normalisation does not fit the images
 */
export function createTrainLoader(options: TrainLoaderOptions): TrainLoader {
  const { split, imageShape, batchSize, seed, draws } = options;
  checkBatchSize(batchSize);
  if (!Number.isSafeInteger(seed)) {
    throw new LimbeckError('CONFIG_INVALID', `seed is ${seed}`, { hint: 'give a whole number' });
  }
  if (draws !== undefined && !(Number.isSafeInteger(draws) && draws > 0)) {
    throw new LimbeckError('CONFIG_INVALID', `draws is ${draws}`, { hint: 'give a positive whole number' });
  }
  if (batchSize > split.length) {
    throw new LimbeckError(
      'BAD_DATA',
      `batchSize ${batchSize} is larger than the training split, which has ${split.length} samples`,
      {
        hint: `choose a batchSize of at most ${split.length}`,
        details: { batchSize, samples: split.length },
      },
    );
  }
  const read = createSampler(options);
  const nextBatch = createBatchRing(options);
  const copyTarget = targetCopier(split);
  const batchesPerEpoch = Math.floor(split.length / batchSize);
  const size = imageSize(imageShape);
  const order = new Int32Array(split.length);
  let orderedEpoch = -1;

  return {
    batchSize,
    batchesPerEpoch,
    batch(epoch, step, into) {
      checkPosition('epoch', epoch, Number.MAX_SAFE_INTEGER);
      checkPosition('step', step, batchesPerEpoch);
      if (into !== undefined) checkBatchFits(into, options);
      if (epoch !== orderedEpoch) {
        shuffleInto(order, seed, epoch);
        orderedEpoch = epoch;
      }
      const batch = into ?? nextBatch();
      const draw = draws === undefined ? epoch : epoch % draws;
      for (let slot = 0; slot < batchSize; slot++) {
        const sample = order[step * batchSize + slot]!;
        read(sample, draw, batch.images, slot * size);
        copyTarget(sample, batch.targets, slot);
        batch.indices[slot] = sample;
      }
      return batch;
    },
  };
}
