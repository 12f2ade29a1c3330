import { LimbeckError } from '@limbeck/core';
import { checkBatchSize, checkPosition, type LoaderOptions } from './buffers.js';
import { createBatches, type FilledBatch } from './loading/batches.js';
import type { ChosenChange } from './pipeline/changes.js';

export interface EvalLoaderOptions extends LoaderOptions {
  /** Changes to every image, the same each time. Default none. */
  readonly changes?: readonly ChosenChange[] | undefined;
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
   * zeros and index -1: leave slots from `count` on out of every metric. It stays valid until the call after the next.
   *
   * @throws LimbeckError BAD_DATA, BAD_FILE naming a sample that cannot be loaded
   */
  batch(step: number): Promise<FilledBatch>;
}

/** Changes that draw draw the same in every evaluation. */
const evaluationSeed = 0;

/**
 * Prepares the batches of a split for evaluation.
 *
 * @throws LimbeckError `BAD_DATA` when the split is empty, `CONFIG_INVALID` when the batch size is not a whole number,
 *   `SHAPE_MISMATCH` when the normalisation does not fit the images
 */
export function createEvalLoader(options: EvalLoaderOptions): EvalLoader {
  const { split, batchSize, changes = [] } = options;
  checkBatchSize(batchSize);
  if (split.length === 0) {
    throw new LimbeckError('BAD_DATA', 'the split to evaluate on has no samples', {
      hint: 'evaluate on a split that has samples',
    });
  }
  const count = Math.ceil(split.length / batchSize);
  const batches = createBatches<number>(
    { ...options, augment: changes, seed: evaluationSeed },
    {
      keyOf: String,
      planOf: (step) => ({ samples: consecutive(step * batchSize, batchSize, split.length), draw: 0 }),
      after: (step) => (step + 1 < count ? step + 1 : undefined),
    },
  );
  return {
    batchSize,
    batches: count,
    samples: split.length,
    async batch(step) {
      checkPosition('step', step, count);
      return batches.get(step);
    },
  };
}

/** So many numbers from `first` on, below `end`. */
export const consecutive = (first: number, count: number, end: number): Int32Array =>
  Int32Array.from({ length: Math.min(count, end - first) }, (_, i) => first + i);
