import { defineDistiller } from '@limbeck/core';
import { add, concat, flatten, l2Normalize, reshape, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { Memory } from './memory.js';
import { noiseContrastiveLoss } from './noise-contrastive.js';

/**
 * Contrastive representation distillation (Tian et al., ICLR 2020): a linear embedding of the student's feature of an image
 * is close to the teacher's of the same image, and far from the teacher's of other images, and the other way round. The
 * other side's embeddings are remembered for every training sample.
 *
 * Defaults as released for CIFAR-100: weight 0.8, 128 dimensions, 16,384 negatives of other classes, temperature 0.07,
 * momentum 0.5. Both embeddings are trained and dropped at inference. Each memory takes 4 x dimensions bytes a training sample.
 */
export default defineDistiller({
  id: 'crd',
  description: 'an image is told from others by the student as by the teacher',
  cite: 'arXiv:1910.10699',
  options: z.strictObject({
    weight: z.number().nonnegative().default(0.8).describe('of the term'),
    dimensions: z.int().min(1).max(65536).default(128).describe('of the embeddings that are compared'),
    negatives: z.int().min(1).max(1_048_576).default(16_384).describe('other samples for each image'),
    from: z.enum(['other-classes', 'all']).default('other-classes').describe('what negatives are drawn from'),
    temperature: z.number().positive().default(0.07).describe('of similarities'),
    momentum: z.number().min(0).max(1).default(0.5).describe('share of the past in what is remembered'),
    tap: z.string().default('embedding').describe('the feature on both sides'),
    teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
  }),
  build({ student, teacher, samples, options, m }) {
    const { weight, dimensions, temperature, momentum, tap, teacherTap = tap } = options;
    const embed = (side: string, feature: Tensor) =>
      l2Normalize(m.linear(`${side}-embedding`, flatten(feature), { out: dimensions }), { epsilon: 1e-6 });
    const ours = embed('student', student.tap(tap));
    const theirs = embed('teacher', teacher.tap(teacherTap));
    const others = samples.negatives(options.negatives, { from: options.from });
    const chosen = concat([reshape(samples.index, [samples.index.shape[0]!, 1]), others], { axis: 1 });
    const [ourMemory, theirMemory] = ['student', 'teacher'].map(
      (side) => new Memory(m.in(`${side}-memory`), samples, dimensions),
    ) as [Memory, Memory];
    const value = add(
      noiseContrastiveLoss(theirMemory.scores(ours, chosen, temperature), samples.total),
      noiseContrastiveLoss(ourMemory.scores(theirs, chosen, temperature), samples.total),
    );
    ourMemory.remember(ours, momentum);
    theirMemory.remember(theirs, momentum);
    return { losses: { crd: { weight, value } } };
  },
});
