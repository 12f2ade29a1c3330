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
function classMeans(m: Scope, features: Tensor, labels: Tensor, classes: number): Tensor {
  const ofClass = oneHot(labels, classes);
  const count = reshape(sum(ofClass, { axis: 0 }), [classes, 1]);
  return runningMean(m, 'means', { sums: matmul(ofClass, features, { transposeA: true }), count });
}

/**
 * Regularising norm and direction, the loss that turns KD into KD++ (Wang et al., 2023); add `kd`, `dkd`, `dist` or
 * `reviewkd` beside it. Default weight as released for resnet56 to resnet20 and resnet32x4 to resnet8x4: 2, with `kd` at
 * weight 1 and 3.5.
 *
 * The release computes the class means of the teacher's embeddings beforehand; here they are running means over what
 * training has seen. Where widths differ the student's embedding goes through batch norm and a linear layer, as released,
 * but without the dropout between them. Both are our choices.
 */
export default defineDistiller({
  id: 'norm-direction',
  description: "features point along their class as the teacher's do, and are at least as long",
  cite: 'arXiv:2305.17007',
  options: z.strictObject({
    weight: z.number().nonnegative().default(2).describe('of the term'),
    ...tapOptions,
  }),
  targets: ['index'],
  build({ student, teacher, labels, classes, options, m }) {
    const s = vectorOf('norm-direction', student, options.tap);
    const t = vectorOf('norm-direction', teacher, options.teacherTap ?? options.tap);
    const width = t.shape[1]!;
    const projected =
      s.shape[1] === width
        ? s
        : m.in('projector').linear('linear', m.in('projector').batchNorm('bn', s), {
            out: width,
            biasInit: zeros,
          });
    const means = directionsOf(classMeans(m, t, labels, classes), shortest).directions;
    const directions = matmul(oneHot(labels, classes), means);
    return {
      losses: {
        direction: { weight: options.weight, value: normDirectionDistance(projected, t, directions) },
      },
    };
  },
});
