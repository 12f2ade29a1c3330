import { defineDistiller, LimbeckError, type ModelView } from '@limbeck/core';
import { formatShape, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { ckaPreparation } from './class-cka.js';
import { classDistances, sharpened } from './class-costs.js';
import { largestExponent, type SinkhornOptions, transportCost } from './sinkhorn.js';
import { studentLogits, tap } from './student-logits.js';
import {
  isTarget,
  otherLogits,
  otherLogProbabilities,
  requireTwoClasses,
  targetCrossEntropy,
} from './target-class.js';

const options = z.strictObject({
  target: z.number().nonnegative().default(1).describe('weight of the target-class term'),
  weight: z.number().nonnegative().default(600).describe('of the transport between the other classes'),
  temperature: z.number().positive().default(8).describe('softens the other classes'),
  regularization: z.number().positive().default(0.05).describe('weight of the entropy in the transport'),
  iterations: z.int().min(1).max(200).default(10).describe('Sinkhorn rounds'),
  distance: z
    .union([z.enum(['cosine', 'cka']), z.array(z.array(z.number()))])
    .default('cka')
    .describe(
      "of classes: by CKA of features, by cosines of the teacher's classifier, or a matrix of your own",
    ),
  features: z.string().default('embedding').describe("the teacher's feature for CKA; maps are pooled"),
  images: z.int().min(2).default(500).describe('most images of a class that CKA looks at'),
  decay: z
    .number()
    .nonnegative()
    .default(150)
    .describe('epochs after which the weight of the transport falls to 0 along a cosine'),
  sharpness: z.number().nonnegative().default(1).describe('kappa in the cost 1 - exp(-kappa distance)'),
  tap,
});

/**
 * The two parts of WKD-L, each a mean over the batch (Lv et al., NeurIPS 2024, eq. 5 and 6): `target` is -p log q of the
 * label, at temperature 1; `transport` what it costs to turn the student's distribution over the other classes into the
 * teacher's.
 *
 * @param student logits [N, classes], at least two classes
 * @param teacher logits [N, classes]
 * @param labels class indices [N], int32
 * @param costs [classes, classes], not negative
 */
export function wassersteinKd(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  costs: Tensor,
  { temperature, ...sinkhorn }: SinkhornOptions & { temperature: number },
): { target: Tensor; transport: Tensor } {
  const target = isTarget(labels, student.shape[1]!);
  const others = (logits: Tensor) => otherLogProbabilities(logits, target, temperature);
  const even = otherLogits(student.graph.scalar(0), target);
  return {
    target: targetCrossEntropy(student, teacher, target),
    transport: transportCost(others(student), others(teacher), costs, even, sinkhorn),
  };
}

/** Values of a teacher's feature, once it is pooled. */
function widthOf(teacher: ModelView, path: string): number {
  const { shape } = path === 'logits' ? teacher.logits : teacher.tap(path);
  const width = shape.length === 3 ? shape[2] : shape[1];
  if (width !== undefined) return width;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller 'wkd-l' compares classes by vectors, maps or tokens; '${path}' of teacher '${teacher.id}' is ${formatShape(shape)}`,
    { hint: "name another feature: features: 'embedding'" },
  );
}

/** Refuses costs whose kernel would vanish in single precision. */
function requireKernel({ distance, sharpness, regularization }: z.infer<typeof options>): void {
  const largest =
    sharpness > 0
      ? 1
      : typeof distance === 'string'
        ? { cka: 1, cosine: 2 }[distance]
        : Math.max(0, ...distance.map((r) => Math.max(...r)));
  if (largest / regularization <= largestExponent) return;
  throw new LimbeckError(
    'PRECONDITION',
    `distiller 'wkd-l' has costs up to ${largest} under a regularisation of ${regularization}, of which nothing is left in single precision`,
    { hint: `set regularization to ${largest / largestExponent} or more` },
  );
}

/**
 * Wasserstein distance between predictions (WKD-L; Lv et al., NeurIPS 2024): probability may move to a similar class at
 * little cost. Defaults as released for resnet32x4 to resnet8x4 on CIFAR-100: weight 600 (200 beside WKD-F), T = 8,
 * regularisation 0.05, 10 rounds, kappa 1, cross-entropy 1, the transport falling to 0 along a cosine after 150 epochs; ImageNet
 * 30 (10) at T = 2.
 *
 * Distances of classes are 1 - linear CKA of the teacher's features over the training images, computed before training;
 * `distance: 'cosine'` is the release's option `fc`. The release's script takes the logits (`features: 'logits'`, ImageNet), or
 * every position of the last map as a row (CIFAR-100); that maps are pooled first is ours.
 */
export default defineDistiller({
  id: 'wkd-l',
  description: 'what it costs to move the probabilities of the other classes to where the teacher has them',
  cite: 'arXiv:2412.08139',
  options,
  targets: ['index'],
  build({ student, teacher, labels, classes, options: chosen, prepare }) {
    requireTwoClasses('wkd-l', classes);
    requireKernel(chosen);
    const { distance, features, images } = chosen;
    const distances =
      distance === 'cka'
        ? prepare(ckaPreparation(features, { classes, width: widthOf(teacher, features), images })).distances
        : classDistances(teacher, classes, distance);
    const costs = sharpened(distances, chosen.sharpness);
    const logits = studentLogits('wkd-l', student, chosen.tap);
    const { target, transport } = wassersteinKd(logits, teacher.logits, labels, costs, chosen);
    const schedule = { use: 'cosine', start: chosen.decay };
    return {
      losses: {
        target: { weight: chosen.target, value: target },
        transport: { weight: chosen.weight, value: transport, schedule },
      },
    };
  },
});
