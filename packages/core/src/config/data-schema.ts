import * as z from 'zod';
import { byContent, byValue, identity, irrelevant, whenSet } from './identity.js';
import { count, id, normalization, use } from './schema-parts.js';

const share = z.number().gt(0).lt(1);

/** What a run says about its data. */
export const data = z.looseObject({
  use: id.describe('Id of the data set; its options stand beside it.').register(identity, byContent),
  batchSize: count
    .default(64)
    .describe('Images in a training step; the last partial batch of an epoch is left out.')
    .register(identity, byValue),
  evalBatchSize: count
    .max(1_000_000)
    .default(250)
    .describe('Images at a time in evaluation; the last partial batch is padded.')
    .register(identity, byValue),
  imageSize: z
    .union([count, z.tuple([count, count])])
    .optional()
    .describe(
      'Pixels of height and width that a network sees, or [height, width]. Absent: what the data set or `augment` gives.',
    )
    .register(identity, byContent),
  augment: z
    .array(use)
    .default([])
    .describe(
      "Random changes to training images, in this order. Empty where images have any size: 'random-resized-crop' and 'flip'.",
    )
    .register(identity, byContent),
  evaluation: z
    .array(use)
    .default([])
    .describe(
      "Changes to images that are evaluated. Empty where images have any size: 'resize' to 8/7 of the size and 'center-crop'.",
    )
    .register(identity, byContent),
  batchTransforms: z
    .array(use)
    .default([])
    .describe(
      'Random changes to a whole training batch, images and targets, in this order: `mixup`, `cutmix`. Targets become probabilities.',
    )
    .register(identity, byContent),
  views: count
    .optional()
    .describe(
      'Augmentation draws of an image: epoch e uses draw e mod `views`. Absent: a new one every epoch, or what a cache says.',
    )
    .register(identity, byContent),
  normalization: z
    .union([z.enum(['imagenet', 'cifar', 'measure']), normalization])
    .optional()
    .describe(
      "Mean and standard deviation per channel, of pixels in [0, 1]; or `imagenet`, `cifar`, `measure`. Absent: the data set's own, else measured.",
    )
    .register(identity, whenSet),
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
    .describe('Parts cut off the training images. Absent: the splits of the data set.')
    .register(identity, byContent),
  evaluateOn: id
    .optional()
    .describe(
      'Split that is evaluated on. Absent: the validation split that was cut off, else `test`, else `validation`.',
    )
    .register(identity, byContent),
  subset: z
    .strictObject({
      classes: z.array(id).min(1).optional().describe('Names of classes; others are left out. Absent: all.'),
      samples: z
        .record(z.string(), z.array(z.int().min(0)).min(1))
        .optional()
        .describe('Indices of samples, by split. Absent: all.'),
    })
    .optional()
    .describe('Which samples are used. Absent: all.')
    .register(identity, byContent),
  sampling: z
    .union([
      z.enum(['shuffled', 'balanced']),
      z.strictObject({ weights: z.array(z.number().min(0)).min(1).describe('One number a class.') }),
    ])
    .default('shuffled')
    .describe(
      'How samples of an epoch are chosen: `shuffled` takes each once, `balanced` every class equally often, `weights` each class in proportion.',
    )
    .register(identity, whenSet),
  workers: z
    .int()
    .min(0)
    .max(256)
    .optional()
    .describe(
      'Threads that decode and change images; 0 for none. Absent: the cores where pictures are decoded, else none.',
    )
    .register(identity, irrelevant),
  cache: z
    .strictObject({
      size: z.number().gt(0).default(20).describe('Gigabytes it may take.'),
      dir: id.optional().describe('Folder of it. Absent: beside the fetched data sets.'),
    })
    .optional()
    .describe(
      'Keeps decoded pictures on disk, after the changes that their list begins with and that draw nothing, such as `resize`. Absent: nothing is kept.',
    )
    .register(identity, irrelevant),
  prefetch: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Batches loaded ahead by threads.')
    .register(identity, irrelevant),
  onError: z
    .enum(['stop', 'skip'])
    .default('stop')
    .describe(
      'Whether an image that cannot be loaded stops the run or is left out; `skip` decodes every image once before.',
    )
    .register(identity, whenSet),
  dir: id.optional().describe('Folder of fetched data sets.').register(identity, irrelevant),
});
