import { LimbeckError } from '@limbeck/core';
import {
  type Batch,
  checkBatchSize,
  checkPosition,
  type LoaderOptions,
  type SampleOptions,
} from './buffers.js';
import { createBatches } from './loading/batches.js';
import { createOrder, type Sampling } from './sampling/order-of-epoch.js';

/** What a loader of training batches reads, and in which order. */
export interface TrainLoaderOptions extends LoaderOptions, SampleOptions {
  /** The run's seed: decides every epoch's order and every sample's changes. A whole number. */
  readonly seed: number;
  /** Draws of a sample's changes: epoch e shows draw e mod `draws`. Default: a new one every epoch. */
  readonly draws?: number | undefined;
  /** How an epoch's samples are chosen. Default: every sample once, in shuffled order. */
  readonly sampling?: Sampling | undefined;
}

/** Batches of a training split in shuffled order, addressed by (epoch, step). */
export interface TrainLoader {
  readonly batchSize: number;
  /** Whole batches in an epoch. Samples that do not fill one are left out; which ones changes with the epoch. */
  readonly batchesPerEpoch: number;
  /**
   * The batch of one step: any step, in any order, always the same, so that a run resumes in mid-epoch exactly. It stays
   * valid until the call after the next: copy what must live longer. Where threads load, the next steps are begun.
   *
   * @throws LimbeckError BAD_DATA, BAD_FILE naming a sample that cannot be loaded
   */
  batch(epoch: number, step: number): Promise<Batch>;
}

/**
 * Prepares the batches of a training split.
 *
 * @throws LimbeckError `BAD_DATA` when the split is smaller than one batch, `CONFIG_INVALID` when the batch size, the
 *   seed or the number of draws is not a whole number, `SHAPE_MISMATCH` when the normalisation does not fit the images
 */
export function createTrainLoader(options: TrainLoaderOptions): TrainLoader {
  const { split, batchSize, seed, draws, sampling } = options;
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
  const batchesPerEpoch = Math.floor(split.length / batchSize);
  const orderOf = createOrder(split, seed, sampling);
  const batches = createBatches<{ epoch: number; step: number }>(options, {
    keyOf: ({ epoch, step }) => `${epoch}:${step}`,
    planOf: ({ epoch, step }) => ({
      samples: orderOf(epoch).slice(step * batchSize, (step + 1) * batchSize),
      draw: draws === undefined ? epoch : epoch % draws,
    }),
    after: ({ epoch, step }) =>
      step + 1 < batchesPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 },
  });
  return {
    batchSize,
    batchesPerEpoch,
    async batch(epoch, step) {
      checkPosition('epoch', epoch, Number.MAX_SAFE_INTEGER);
      checkPosition('step', step, batchesPerEpoch);
      return batches.get({ epoch, step });
    },
  };
}
