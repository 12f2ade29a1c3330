import type { Augmentation, Split } from '@limbeck/core';
import { imageSize } from './buffers.js';
import { createNormalizer, type ImageShape, type Normalization } from './normalize.js';
import { sampleRandom } from './random.js';

/** A change to one image, prepared for its shape: what `Augmentation.create` returns. */
export type Augment = ReturnType<Augmentation['create']>;

/** What decides how a training sample looks. */
export interface SampleOptions {
  readonly split: Split;
  readonly normalization: Normalization;
  /** [C, H, W] of the split's images. */
  readonly imageShape: ImageShape;
  /** The run's seed. */
  readonly seed: number;
  /** Applied to every image in this order; none leaves the images as they are. */
  readonly augment: readonly Augment[];
  /**
   * Which of several pictures of the same sample this is: pictures of another number are augmented by draws of their own.
   * Default 0.
   */
  readonly picture?: number;
}

/**
 * Prepares the drawing of single training samples: image `sample` under its augmentation draw number `draw`, normalised,
 * into `images` at `offset`. The same (seed, draw, sample, picture) gives the same pixels, whoever asks.
 *
 * @throws LimbeckError `SHAPE_MISMATCH` when the normalisation does not fit the images
 */
export function createSampler({
  split,
  normalization,
  imageShape,
  seed,
  augment,
  picture = 0,
}: SampleOptions): (sample: number, draw: number, images: Float32Array, offset: number) => void {
  const normalize = createNormalizer(normalization, imageShape);
  const image = new Uint8Array(imageSize(imageShape));
  return (sample, draw, images, offset) => {
    split.read(sample, image, 0);
    for (let stream = 0; stream < augment.length; stream++) {
      augment[stream]!(image, sampleRandom(seed, draw, sample, stream, picture));
    }
    normalize(image, images, offset);
  };
}
