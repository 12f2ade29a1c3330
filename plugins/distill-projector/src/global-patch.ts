import { defineDistiller, LimbeckError, type ModelView, useOption } from '@limbeck/core';
import { formatShape, meanSquaredError, reshape, type Tensor, transpose } from '@limbeck/graph';
import { z } from 'zod';
import { queueOptions } from './feature-queue.js';
import { embeddingQueue, queueDivergence, queueSize, relationDivergence, unit } from './queue.js';
import { vectorOf } from './taps.js';

/** A map [N, C, H, W] or tokens [N, T, D] at a tap. */
function patchesOf(view: ModelView, tap: string): Tensor {
  const feature = view.tap(tap);
  if (feature.shape.length === 3 || feature.shape.length === 4) return feature;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller 'global-patch' compares maps or tokens; '${tap}' of ${view.role} '${view.id}' is ${formatShape(feature.shape)}`,
    { hint: "tap a map or tokens, such as 'last-map'" },
  );
}

/** Positions as tokens [N, T, D]. */
const asTokens = (x: Tensor): Tensor => {
  if (x.shape.length === 3) return x;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return transpose(reshape(x, [n, c, h * w]), [0, 2, 1]);
};

/**
 * An image and its patches, without labels, as LightlyTrain's later versions do it: the embedding by a queue of the teacher's
 * (as `feature-queue`), and patches by how they are like each other within an image (`patch: 'relation'`, its third version), or by the squared error of
 * projected patches (`patch: 'mse'`, its second, which has no global term: `globalWeight: 0`). Defaults as released: linear projectors,
 * temperatures 0.07, both weights 1, the student's map interpolated to the teacher's size.
 */
export default defineDistiller({
  id: 'global-patch',
  description: "an image's embedding and its patches follow the teacher's",
  cite: 'github:lightly-ai/lightly-train',
  options: z.strictObject({
    globalWeight: z.number().nonnegative().default(1).describe('of the term of embeddings'),
    patchWeight: z.number().nonnegative().default(1).describe('of the term of patches'),
    ...queueOptions,
    patch: z
      .enum(['relation', 'mse'])
      .default('relation')
      .describe('what is compared of patches: similarities within an image, or projections'),
    patchTemperature: z.number().positive().default(0.07).describe('softens similarities within an image'),
    patchProjector: useOption
      .default({ use: 'conv', init: 'normal' })
      .describe("maps the student's patches to the teacher's"),
    tap: z.string().default('embedding').describe('the embedding on both sides; maps are pooled'),
    teacherTap: z.string().optional().describe("the teacher's embedding; default as `tap`"),
    patchTap: z.string().default('last-map').describe("the student's map or tokens"),
    teacherPatchTap: z.string().optional().describe("the teacher's map or tokens; default as `patchTap`"),
  }),
  build({ student, teacher, samples, options, m, project }) {
    const { tap, teacherTap = tap, patchTap, teacherPatchTap = patchTap } = options;
    const patches = patchesOf(teacher, teacherPatchTap);
    const own = patchesOf(student, patchTap);
    const projected = project(options.patchProjector, m.in('patch-projector'), own, patches.shape);
    const [s, t] = [asTokens(projected), asTokens(patches)];
    const patch =
      options.patch === 'mse'
        ? meanSquaredError(s, t)
        : relationDivergence(unit(s), unit(t), options.patchTemperature);
    const losses = { patch: { weight: options.patchWeight, value: patch } };
    if (options.globalWeight === 0) return { losses };
    const embedding = unit(vectorOf('global-patch', teacher, teacherTap));
    const queue = embeddingQueue(
      m,
      embedding,
      queueSize('global-patch', options.queue, { total: samples.total, mode: m.mode }),
    );
    const ours = vectorOf('global-patch', student, tap);
    const image = unit(project(options.projector, m.in('projector'), ours, embedding.shape));
    const value = queueDivergence(image, embedding, queue, options.temperature);
    return { losses: { global: { weight: options.globalWeight, value }, ...losses } };
  },
});
