import { defineDistiller, useOption } from '@limbeck/core';
import { z } from 'zod';
import { embeddingQueue, queueDivergence, queueSize, unit } from './queue.js';
import { tapOptions, vectorOf } from './taps.js';

/** Options of methods that compare embeddings by a queue of the teacher's. */
export const queueOptions = {
  temperature: z.number().positive().default(0.07).describe('softens similarities with the queue'),
  queue: z
    .int()
    .min(1)
    .optional()
    .describe('embeddings kept; default a quarter to a half of the training images, at most 8,192'),
  projector: useOption
    .default({ use: 'linear', init: 'normal' })
    .describe("maps the student's feature to the teacher's width"),
};

/**
 * Distillation without labels or a classifier, as LightlyTrain's first version does it (method `distillation`): what an image is like is told by
 * its similarity with the teacher's latest embeddings, which stand for classes. Defaults as released: a linear projector, temperature 0.07, a
 * queue of a quarter to a half of the training images. There the projector starts from a truncated normal of 0.02, here from a normal of 0.01, and
 * images are mixed with each other, which is left to augmentation here. Use it with `task: none`, or beside labels.
 */
export default defineDistiller({
  id: 'feature-queue',
  description: "similarities with the teacher's latest embeddings follow the teacher's",
  cite: 'github:lightly-ai/lightly-train',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the term'),
    ...queueOptions,
    ...tapOptions,
  }),
  build({ student, teacher, samples, options, m, project }) {
    const { weight, temperature, queue: asked, tap, teacherTap = tap } = options;
    const s = vectorOf('feature-queue', student, tap);
    const t = unit(vectorOf('feature-queue', teacher, teacherTap));
    const queue = embeddingQueue(
      m,
      t,
      queueSize('feature-queue', asked, { total: samples.total, mode: m.mode }),
    );
    const projected = unit(project(options.projector, m.in('projector'), s, t.shape));
    return { losses: { queue: { weight, value: queueDivergence(projected, t, queue, temperature) } } };
  },
});
