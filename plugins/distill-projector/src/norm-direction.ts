import { defineDistiller } from '@limbeck/core';
import {
  directionsOf,
  div,
  matmul,
  maximum,
  mean,
  mul,
  oneHot,
  reshape,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { runningMean, type Scope, zeros } from '@limbeck/nn';
import { z } from 'zod';
import { classMeansPreparation } from './class-means.js';
import { tapOptions, vectorOf } from './taps.js';

/** Features shorter than this have no direction. */
const shortest = 1e-6;

/**
 * 1 - s . e / max(|s|, |t|), mean over the batch (Wang et al., 2023, eq. 7): the student's feature s should point along its
 * class, and be at least as long as the teacher's, t.
 *
 * @param student features [N, D]
 * @param teacher features [N, D]
 * @param directions of each image's class, of length 1: [N, D]
 */
export function normDirectionDistance(student: Tensor, teacher: Tensor, directions: Tensor): Tensor {
  const along = sum(mul(student, directions), { axis: 1, keepDims: true });
  const length = (feature: Tensor) => directionsOf(feature, shortest).lengths;
  return sub(1, mean(div(along, maximum(maximum(length(student), length(teacher)), shortest))));
}

/** Mean feature of each class over all images seen so far, this batch included: [classes, D]. Kept as buffers. */
function runningClassMeans(m: Scope, features: Tensor, labels: Tensor, classes: number): Tensor {
  const ofClass = oneHot(labels, classes);
  const count = reshape(sum(ofClass, { axis: 0 }), [classes, 1]);
  return runningMean(m, 'means', { sums: matmul(ofClass, features, { transposeA: true }), count });
}

/** Batch norm, dropout and a linear layer: [N, D] -> [N, out]. */
function widened(m: Scope, features: Tensor, out: number, rate: number): Tensor {
  const dropped = m.dropout('dropout', m.batchNorm('bn', features), { rate });
  return m.linear('linear', dropped, { out, biasInit: zeros });
}

/**
 * Regularising norm and direction, the loss that turns KD into KD++ (Wang et al., 2023); add `kd`, `dkd`, `dist` or
 * `reviewkd` beside it. Default weight as released for resnet56 to resnet20 and resnet32x4 to resnet8x4: 2, with `kd` at
 * weight 1 and 3.5.
 *
 * The class means of the teacher's embeddings are computed beforehand, as released; `means: 'running'` follows what training has
 * seen and is ours. Where widths differ the student's embedding goes through batch norm, dropout of a half and a linear layer, as
 * released.
 */
export default defineDistiller({
  id: 'norm-direction',
  description: "features point along their class as the teacher's do, and are at least as long",
  cite: 'arXiv:2305.17007',
  options: z.strictObject({
    weight: z.number().nonnegative().default(2).describe('of the term'),
    means: z
      .enum(['prepared', 'running'])
      .default('prepared')
      .describe('of the classes: over all training images before training, or over what was seen so far'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.5)
      .describe('share of the embedding that is dropped on its way to another width'),
    ...tapOptions,
  }),
  targets: ['index'],
  build({ student, teacher, labels, classes, options, m, prepare }) {
    const s = vectorOf('norm-direction', student, options.tap);
    const teacherTap = options.teacherTap ?? options.tap;
    const t = vectorOf('norm-direction', teacher, teacherTap);
    const width = t.shape[1]!;
    const projected = s.shape[1] === width ? s : widened(m.in('projector'), s, width, options.dropout);
    const means =
      options.means === 'running'
        ? runningClassMeans(m, t, labels, classes)
        : prepare(classMeansPreparation(teacherTap, { classes, width })).means;
    const directions = matmul(oneHot(labels, classes), directionsOf(means, shortest).directions);
    return {
      losses: {
        direction: { weight: options.weight, value: normDirectionDistance(projected, t, directions) },
      },
    };
  },
});
