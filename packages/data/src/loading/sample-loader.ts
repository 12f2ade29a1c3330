import type { Sample } from '@limbeck/core';
import { openSample } from '../decode/open-sample.js';
import { createNormalizer } from '../normalize.js';
import { createPipeline, type Picture } from '../pipeline/pipeline.js';
import { sampleRandom } from '../random.js';
import type { Recipe } from './recipe.js';

/** Where a sample goes, and under which draw it is changed. */
export interface SampleSlot {
  /** Index in the split, which its randomness follows from. */
  readonly sample: number;
  readonly draw: number;
  readonly into: Float32Array;
  readonly offset: number;
}

/** Brings samples into shape by one recipe, in the thread it was made in. */
export interface SampleLoader {
  /** Decodes a sample first. @throws LimbeckError BAD_FILE, BAD_DATA naming it */
  load(sample: Sample, name: string, place: SampleSlot): Promise<void>;
  /** Takes a picture that is there. The same (seed, draw, sample, picture) gives the same pixels, whoever asks. */
  finish(picture: Picture, place: SampleSlot): void;
  /** Buffer of the size of an image, for whoever reads pixels. */
  readonly scratch: Uint8Array;
}

/** @throws LimbeckError SHAPE_MISMATCH where the normalisation does not fit the images */
export function createSampleLoader(recipe: Recipe): SampleLoader {
  const { before, changes, imageShape, normalization, seed, picture: number = 0 } = recipe;
  const normalize = createNormalizer(normalization, imageShape);
  const run = createPipeline(changes, before);
  const [channels, height, width] = imageShape;
  const image = new Uint8Array(channels * height * width);
  const scratch = new Uint8Array(
    before.size === undefined ? 0 : before.channels * before.size.height * before.size.width,
  );
  const finish = (picture: Picture, { sample, draw, into, offset }: SampleSlot) => {
    run(picture, (stream) => sampleRandom(seed, draw, sample, stream, number), image);
    normalize(image, into, offset);
  };
  return {
    scratch,
    finish,
    load: async (sample, name, place) => finish(await openSample(sample, name), place),
  };
}
