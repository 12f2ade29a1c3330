import * as z from 'zod';
import { byContent, byValue, identity, irrelevant } from './identity.js';
import { count, id } from './schema-parts.js';

const cacheDtype = z.enum(['float32', 'float16', 'int8']);

/** What is said about a teacher's cache. */
export const teacherCacheSettings = z.strictObject({
  views: count
    .optional()
    .describe(
      'Augmentation draws of an image, each kept once; as `data.views`, which it stands for. May be left out where nothing is augmented.',
    )
    .register(identity, byContent),
  dtype: z
    .union([
      cacheDtype,
      z.strictObject({
        maps: cacheDtype.default('float32').describe('Features [C, H, W] of an image.'),
        vectors: cacheDtype.default('float32').describe('Features [D] of an image.'),
        logits: cacheDtype.default('float32').describe('The logits.'),
      }),
    ])
    .default('float32')
    .describe('What features are kept in. float32 changes nothing; int8 has a scale for each image.')
    .register(identity, byValue),
  logits: z
    .strictObject({ top: count.optional().describe('Logits kept one by one, the largest. Absent: all.') })
    .prefault({})
    .describe('With `top`, the sum of the others is kept and spread evenly when read.')
    .register(identity, byContent),
  dir: id
    .optional()
    .describe('Folder of caches, one inside for each teacher. Absent: runs/.cache/teacher.')
    .register(identity, irrelevant),
});

/** Whether and how a teacher's features are kept: `true` for everything as it is, `false` as if it were not there. */
export const teacherCache = z
  .union([z.boolean(), teacherCacheSettings])
  .transform((value) =>
    value === true ? teacherCacheSettings.parse({}) : value === false ? undefined : value,
  );
