import { createHash } from 'node:crypto';
import { PictureCache } from '../cache/picture-cache.js';
import { openSample } from '../decode/open-sample.js';
import { createNormalizer } from '../normalize.js';
import { createPipeline, fixedChanges, type Picture } from '../pipeline/pipeline.js';
import { sampleRandom } from '../random.js';
import type { Item } from './messages.js';
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
  load(item: Pick<Item, 'sample' | 'name' | 'content'>, place: SampleSlot): Promise<void>;
  /** Takes a picture that is there. The same (seed, draw, sample, picture) gives the same pixels, whoever asks. */
  finish(picture: Picture, place: SampleSlot): void;
  /** Buffer of the size of an image, for whoever reads pixels. */
  readonly scratch: Uint8Array;
}

/** @throws LimbeckError SHAPE_MISMATCH where the normalisation does not fit the images */
export function createSampleLoader(recipe: Recipe): SampleLoader {
  const { before, changes, imageShape, normalization, seed, picture: number = 0 } = recipe;
  const normalize = createNormalizer(normalization, imageShape);
  const { begin, finish: complete } = createPipeline(changes, before);
  const cache = recipe.cache && new PictureCache(recipe.cache, pixelsKey(recipe));
  const [channels, height, width] = imageShape;
  const image = new Uint8Array(channels * height * width);
  const scratch = new Uint8Array(
    before.size === undefined ? 0 : before.channels * before.size.height * before.size.width,
  );
  const finish = (begun: Picture, { sample, draw, into, offset }: SampleSlot) => {
    complete(begun, (stream) => sampleRandom(seed, draw, sample, stream, number), image);
    normalize(image, into, offset);
  };
  return {
    scratch,
    finish: (picture, place) => finish(begin(picture), place),
    async load({ sample, name, content }, place) {
      const kept = content === undefined ? undefined : await cache?.read(content);
      if (kept !== undefined) return finish(kept, place);
      const begun = begin(await openSample(sample, name));
      if (content !== undefined && 'data' in begun) await cache?.write(content, begun);
      return finish(begun, place);
    },
  };
}

/** Stands for all that is done to a picture before it is kept. The number changes with how pictures are decoded. */
function pixelsKey({ before, changes }: Recipe): string {
  const fixed = fixedChanges(changes).map(({ contribution, options }) => [contribution.id, options]);
  return createHash('sha256')
    .update(JSON.stringify([1, before.channels, fixed]))
    .digest('hex')
    .slice(0, 16);
}
