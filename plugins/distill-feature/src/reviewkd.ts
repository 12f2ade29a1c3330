import { defineDistiller, stagesOf } from '@limbeck/core';
import {
  adaptiveAvgPool,
  add,
  concat,
  meanSquaredError,
  mul,
  reshape,
  type Shape,
  sigmoid,
  slice,
  type Tensor,
} from '@limbeck/graph';
import { fans, type Initializer, type Scope, uniform } from '@limbeck/nn';
import { z } from 'zod';
import { mapPairs, tapOptions } from './map-pairs.js';
import { preactsOf } from './preacts.js';
import { resizeNearest } from './resize-nearest.js';

/** PyTorch's Kaiming uniform at a negative slope of 1: variance 1 / fan in. */
const kaimingUniform: Initializer = {
  name: 'kaiming-uniform(1)',
  fill: (shape, random) => uniform(Math.sqrt(3 / fans(shape).fanIn)).fill(shape, random),
};

/**
 * Hierarchical context loss (Chen et al., ReviewKD, CVPR 2021, section 3.4): squared error of maps [N, C, H, W] of one shape, and of
 * both averaged to 4x4, 2x2 and 1x1 where that is smaller, at weights halving from level to level; over the sum of weights.
 */
export function contextLoss(student: Tensor, teacher: Tensor): Tensor {
  const sizes = [4, 2, 1].filter((size) => size < Math.min(student.shape[2]!, student.shape[3]!));
  const levels = sizes.map((side, i) => {
    const pooled = (map: Tensor) => adaptiveAvgPool(map, { size: [side, side] });
    return mul(meanSquaredError(pooled(student), pooled(teacher)), 2 ** -(i + 1));
  });
  const weights = sizes.reduce((total, _, i) => total + 2 ** -(i + 1), 1);
  return mul(
    levels.reduce((a, b) => add(a, b), meanSquaredError(student, teacher)),
    1 / weights,
  );
}

/**
 * Attention-based fusion (section 3.3): a map of the student, fused with what deeper levels carry up, as a map of the
 * teacher's shape, and what is carried further.
 *
 * @param map [N, C, H, W]
 * @param deeper [N, width, h, w]; left out at the deepest level
 */
function fused(
  m: Scope,
  map: Tensor,
  deeper: Tensor | undefined,
  { width, target }: { width: number; target: Shape },
): { output: Tensor; carried: Tensor } {
  const [, , h, w] = map.shape as [number, number, number, number];
  const [, out, th, tw] = target as [number, number, number, number];
  const own = m.batchNorm('bn1', m.conv('conv1', map, { out: width, kernel: 1, init: kaimingUniform }));
  const mixed = deeper === undefined ? own : attended(m, own, resizeNearest(deeper, [h, w]));
  const carried = resizeNearest(mixed, [th, tw]);
  const conv = m.conv('conv2', carried, { out, kernel: 3, padding: 1, init: kaimingUniform });
  return { output: m.batchNorm('bn2', conv), carried };
}

/** Two maps added, each weighted position by position by what both say. */
function attended(m: Scope, own: Tensor, other: Tensor): Tensor {
  const weights = sigmoid(
    m.conv('attention', concat([own, other], { axis: 1 }), { out: 2, kernel: 1, bias: true }),
  );
  const of = (i: number) => slice(weights, { axis: 1, start: i, end: i + 1 });
  return add(mul(own, of(0)), mul(other, of(1)));
}

/**
 * ReviewKD (Chen et al., CVPR 2021): from the deepest level up, each map of the student is fused with all deeper ones and
 * meets the teacher's map of its level before its last activation; the embedding is the deepest level. Defaults as in mdistiller for
 * resnet32x4 to resnet8x4: weight 5 rising over 20 epochs, at most 512 channels between levels, cross-entropy 1. The authors' weights of
 * other pairs: 0.6 (resnet56 to resnet20), 1 (resnet110 to resnet32), 8 (resnet32x4 to ShuffleV2), 5 for the rest. On ImageNet the student's
 * maps are taken before their activation, the weight rises over one epoch and is 1 (ResNet34 to ResNet18), or 8 at 256 channels (ResNet50 to
 * MobileNetV1). All of it is dropped at inference.
 */
export default defineDistiller({
  id: 'reviewkd',
  description: 'every map, fused with all deeper ones, meets that of the teacher',
  cite: 'arXiv:2104.09044',
  options: z.strictObject({
    weight: z.number().nonnegative().default(5).describe('of the sum over levels'),
    width: z.int().min(1).default(512).describe('most channels between levels'),
    warmup: z.number().nonnegative().default(20).describe('epochs over which the weight rises'),
    studentPreact: z
      .boolean()
      .default(false)
      .describe("take the student's maps before their last activation, as published for ImageNet"),
    ...tapOptions,
  }),
  build({ student, teacher, options, m }) {
    const asMap = (embedding: Tensor) => reshape(embedding, [...embedding.shape, 1, 1]);
    const levels: [Tensor, Tensor][] = [
      ...mapPairs('reviewkd', { student, teacher }, options, (view) =>
        view.role === 'teacher' || options.studentPreact ? preactsOf(view) : stagesOf(view),
      ),
      [asMap(student.embedding), asMap(teacher.embedding)],
    ];
    const width = Math.min(options.width, student.embedding.shape[1]!);
    let carried: Tensor | undefined;
    const losses = levels.map(() => student.embedding.graph.scalar(0));
    for (let level = levels.length - 1; level >= 0; level--) {
      const [map, target] = levels[level]!;
      const at = m.in('fusion').in(level);
      const result = at.scoped(() => fused(at, map, carried, { width, target: target.shape }));
      carried = result.carried;
      losses[level] = contextLoss(result.output, target);
    }
    const value = losses.reduce((a, b) => add(a, b));
    const { weight, warmup } = options;
    const course = warmup === 0 ? {} : { schedule: { use: 'linear', end: warmup, by: 'epoch' } };
    return { losses: { reviewkd: { weight, value, ...course } } };
  },
});
