import { z } from 'zod';

/**
 * How a backbone turns an image into its first map. `cifar` is for small images and keeps the resolution, or nearly;
 * `imagenet` is for large ones and gives away half of it or more.
 */
export type Stem = 'cifar' | 'imagenet';

/** The option that lets a backbone for images of one size work on another. */
export interface StemOptions {
  readonly stem: Stem;
}

/**
 * The schema of {@link StemOptions}.
 *
 * @param published the stem of the published model, which is the default
 * @param means what either stem is in this family: `{ cifar: '3x3', imagenet: '7x7, stride 2, max pool' }`
 */
export const stemOptions = (published: Stem, means: Readonly<Record<Stem, string>>) =>
  z.strictObject({
    stem: z
      .enum(['cifar', 'imagenet'])
      .default(published)
      .describe(`cifar: ${means.cifar}; imagenet: ${means.imagenet}`),
  });
