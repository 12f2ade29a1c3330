import { checkBatchSize, checkPosition, type LoaderOptions, type SampleOptions } from './buffers.js';
import { consecutive } from './eval-loader.js';
import { createBatches, type FilledBatch } from './loading/batches.js';

/** Every training sample under one draw of its changes, in the split's order, from wherever one likes. */
export interface DrawLoader {
  readonly batchSize: number;
  /** Number of samples of the split. */
  readonly samples: number;
  /**
   * The samples from `first` on, as many as fit a batch and at most up to `end` (default: all), each as the training loader
   * shows it in an epoch that uses this draw. A batch that is not full is filled up as that of an evaluation is. It stays
   * valid until the call after the next.
   */
  batch(draw: number, first: number, end?: number): Promise<FilledBatch>;
}

/**
 * Prepares the training samples for something that must see every one of them, such as the cache of a teacher: those
 * that an epoch leaves out of its last batch as well.
 *
 * @throws LimbeckError `CONFIG_INVALID` when the batch size is not a whole number, `SHAPE_MISMATCH` when the
 *   normalisation does not fit the images
 */
export function createDrawLoader(options: LoaderOptions & SampleOptions): DrawLoader {
  const { split, batchSize } = options;
  checkBatchSize(batchSize);
  const batches = createBatches<{ draw: number; first: number; end: number }>(options, {
    keyOf: ({ draw, first, end }) => `${draw}:${first}:${end}`,
    planOf: ({ draw, first, end }) => ({ samples: consecutive(first, batchSize, end), draw }),
    after: ({ draw, first, end }) => {
      const next = first + batchSize;
      return next < end ? { draw, first: next, end } : undefined;
    },
  });
  return {
    batchSize,
    samples: split.length,
    async batch(draw, first, end = split.length) {
      checkPosition('draw', draw, Number.MAX_SAFE_INTEGER);
      checkPosition('end', end, split.length + 1);
      checkPosition('first', first, end);
      return batches.get({ draw, first, end });
    },
  };
}
