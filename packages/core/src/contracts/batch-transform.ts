import type { ImageShape } from './backbone.js';
import type { OptionSchema } from './contribution.js';
import type { SampleRandom } from './dataset.js';

/** A batch as a batch transform changes it, in place. */
export interface ChangeableBatch {
  /**
   * Normalised pixels [N, C, H, W]: the batch itself first, then the further views of the same samples that a run asks for.
   * What is done to one is done to all, so that they stay views of the same images.
   */
  readonly pictures: readonly Float32Array[];
  /** [N, classes], row-major: how much of each class an image holds. Undefined where samples have no targets. */
  readonly targets: Float32Array | undefined;
}

/** What a batch transform is prepared for. */
export interface BatchFacts {
  /** N. */
  readonly batchSize: number;
  /** [C, H, W]. */
  readonly imageShape: ImageShape;
  readonly classes: number;
}

/**
 * A random change to a whole training batch: to its images and to their targets. Student and teachers see what it gives.
 * Draws follow from the run's seed, the epoch and the step alone.
 *
 * @example
 * defineBatchTransform({
 *   id: 'negative',
 *   description: 'invert the normalised images of every other batch',
 *   create: () => ({ pictures }, random) => {
 *     if (random.int(2) === 0) return;
 *     for (const picture of pictures) for (let i = 0; i < picture.length; i++) picture[i] = -picture[i]!;
 *   },
 * });
 */
export interface BatchTransform<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  /** Prepares buffers for batches of one shape and returns the change. */
  create(options: Options, facts: BatchFacts): (batch: ChangeableBatch, random: SampleRandom) => void;
}

/** Declares a batch transform; the identity function, with types. */
export function defineBatchTransform<Options>(transform: BatchTransform<Options>): BatchTransform<Options> {
  return transform;
}
