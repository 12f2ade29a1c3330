import * as z from 'zod';
import type { Use } from '../contracts/contribution.js';
import { count, id, normalization } from './schema-parts.js';

const share = z.number().gt(0).lt(1);

/**
 * What a run says about its data.
 *
 * @param use how a contribution is named
 */
export const dataSchema = <T extends z.ZodType<unknown, Use>>(use: T) =>
  z.looseObject({
    use: id.describe('Id of the data set; its options stand beside it.'),
    batchSize: count
      .default(64)
      .describe('Images in a training step; the last partial batch of an epoch is left out.'),
    evalBatchSize: count
      .max(1_000_000)
      .default(250)
      .describe('Images at a time in evaluation; the last partial batch is padded.'),
    imageSize: z
      .union([count, z.tuple([count, count])])
      .optional()
      .describe(
        'Pixels of height and width that a network sees, or [height, width]. Absent: what the data set or `augment` gives.',
      ),
    augment: z
      .array(use)
      .default([])
      .describe(
        "Random changes to training images, in this order. Empty where images have any size: 'random-resized-crop' and 'flip'.",
      ),
    evaluation: z
      .array(use)
      .default([])
      .describe(
        "Changes to images that are evaluated. Empty where images have any size: 'resize' to 8/7 of the size and 'center-crop'.",
      ),
    batchTransforms: z
      .array(use)
      .default([])
      .describe(
        'Random changes to a whole training batch, images and targets, in this order: `mixup`, `cutmix`. Targets become probabilities.',
      ),
    views: count
      .optional()
      .describe(
        'Augmentation draws of an image: epoch e uses draw e mod `views`. Absent: a new one every epoch, or what a cache says.',
      ),
    normalization: z
      .union([z.enum(['imagenet', 'cifar', 'measure']), normalization])
      .optional()
      .describe(
        "Mean and standard deviation per channel, of pixels in [0, 1]; or `imagenet`, `cifar`, `measure`. Absent: the data set's own, else measured.",
      ),
    split: z
      .strictObject({
        validation: share
          .optional()
          .describe('Share of the training images that becomes the validation split.'),
        test: share.optional().describe('Share of the training images that becomes the test split.'),
        stratified: z.boolean().default(true).describe('Cut the same share off every class.'),
        seed: z.int().min(0).default(0).describe('Seeds which images are cut off.'),
      })
      .optional()
      .describe('Parts cut off the training images. Absent: the splits of the data set.'),
    evaluateOn: id
      .optional()
      .describe(
        'Split that is evaluated on. Absent: the validation split that was cut off, else `test`, else `validation`.',
      ),
    subset: z
      .strictObject({
        classes: z
          .array(id)
          .min(1)
          .optional()
          .describe('Names of classes; others are left out. Absent: all.'),
        samples: z
          .record(z.string(), z.array(z.int().min(0)).min(1))
          .optional()
          .describe('Indices of samples, by split. Absent: all.'),
      })
      .optional()
      .describe('Which samples are used. Absent: all.'),
    sampling: z
      .union([
        z.enum(['shuffled', 'balanced']).transform((kind) => ({ kind })),
        z
          .strictObject({ weights: z.array(z.number().min(0)).min(1).describe('One number a class.') })
          .transform(({ weights }) => ({ kind: 'weighted' as const, weights })),
      ])
      .optional()
      .describe(
        'How samples of an epoch are chosen: `shuffled` takes each once, `balanced` every class equally often, `weights` each class in proportion. Absent: `shuffled`.',
      ),
    workers: z
      .int()
      .min(0)
      .max(256)
      .optional()
      .describe(
        'Threads that decode and change images; 0 for none. Absent: the cores where pictures are decoded, else none.',
      ),
    prefetch: z.int().min(1).max(64).default(2).describe('Batches loaded ahead by threads.'),
    onError: z
      .enum(['stop', 'skip'])
      .default('stop')
      .describe(
        'Whether an image that cannot be loaded stops the run or is left out; `skip` decodes every image once before.',
      ),
    dir: id.optional().describe('Folder of fetched data sets.'),
  });

/** Keys of the data that are the run's own; all others are options of the data set. */
export const dataKeys = [
  'batchSize',
  'evalBatchSize',
  'imageSize',
  'augment',
  'evaluation',
  'batchTransforms',
  'views',
  'normalization',
  'split',
  'evaluateOn',
  'subset',
  'sampling',
  'workers',
  'prefetch',
  'onError',
  'dir',
] as const;
