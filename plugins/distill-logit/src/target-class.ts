import { LimbeckError } from '@limbeck/core';
import {
  cast,
  equal,
  exp,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  sum,
  type Tensor,
  where,
} from '@limbeck/graph';

/** Takes a class out of a softmax, whatever the size of the other logits. */
const excluded = -1e30;

/** Which elements of [N, classes] belong to the labels [N]. */
export const isTarget = (labels: Tensor, classes: number): Tensor => equal(oneHot(labels, classes), 1);

/** Logits [N, classes] whose softmax is that of the other classes among themselves: the target's are out of the running. */
export const otherLogits = (logits: Tensor, target: Tensor): Tensor => where(target, excluded, logits);

/** Logarithms of the other classes' probabilities among themselves, softened: [N, classes]; the target's has no mass. */
export const otherLogProbabilities = (logits: Tensor, target: Tensor, temperature: number): Tensor =>
  logSoftmax(otherLogits(mul(logits, 1 / temperature), target));

/**
 * Cross-entropy of the label weighted by the teacher's probability of it, -p log q, mean over the batch: what the target
 * class contributes to the cross-entropy of two predictions.
 *
 * @param student logits [N, classes]
 * @param teacher logits [N, classes]
 * @param target as {@link isTarget} gives it
 */
export function targetCrossEntropy(student: Tensor, teacher: Tensor, target: Tensor): Tensor {
  const weight = mul(cast(target, student.dtype), exp(logSoftmax(teacher)));
  return neg(mean(sum(mul(weight, logSoftmax(student)), { axis: 1 })));
}

/** Refuses data without a class beside the target. */
export function requireTwoClasses(distiller: string, classes: number): void {
  if (classes >= 2) return;
  throw new LimbeckError(
    'PRECONDITION',
    `distiller '${distiller}' needs at least two classes, not ${classes}`,
  );
}
