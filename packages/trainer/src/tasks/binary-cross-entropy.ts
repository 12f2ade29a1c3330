import { defineTask, type TaskContext } from '@limbeck/core';
import { add, cast, mean, mul, neg, oneHot, softplus, sub, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { classFactors, perClass } from './class-factors.js';

const options = z.strictObject({
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'share of the target that is spread: over all classes alike, or of multi-hot targets towards 0.5',
    ),
  classWeights: perClass.describe('how much each class counts, in their order; absent: all alike'),
  posWeight: perClass.describe('how much the presence of each class counts against its absence; absent: 1'),
});

/**
 * Binary cross-entropy of each class on its own, the mean over batch and classes, as PyTorch's `BCEWithLogitsLoss` defines
 * it with `weight` and `pos_weight`. Class indices and probabilities are taken as they are: one target a class.
 */
export const binaryCrossEntropy = defineTask({
  id: 'binary-cross-entropy',
  description: 'sigmoid cross-entropy of each class on its own, for any number of classes a sample',
  options,
  term: 'bce',
  targets: ['multi-hot', 'index', 'soft'],
  loss: ({ logits, targets, classes, options: chosen }: TaskContext<z.infer<typeof options>>) => {
    if (targets.kind === 'none') return undefined;
    const { labelSmoothing: smoothing, classWeights, posWeight } = chosen;
    const given =
      targets.kind === 'index' ? cast(oneHot(targets.values, classes), logits.dtype) : targets.values;
    const spread = targets.kind === 'multi-hot' ? smoothing / 2 : smoothing / classes;
    const target = smoothing === 0 ? given : add(mul(given, 1 - smoothing), spread);
    const factors = (name: string, values: readonly number[]) =>
      classFactors(logits.graph, name, values, classes);
    const each =
      posWeight === undefined
        ? sub(softplus(logits), mul(target, logits))
        : withPosWeight(logits, target, factors('posWeight', posWeight));
    return mean(classWeights === undefined ? each : mul(each, factors('classWeights', classWeights)));
  },
});

/** -p y log s(x) - (1 - y) log(1 - s(x)), which no logit overflows. */
function withPosWeight(logits: Tensor, target: Tensor, posWeight: Tensor): Tensor {
  const weight = add(mul(sub(posWeight, 1), target), 1);
  return add(mul(sub(1, target), logits), mul(weight, softplus(neg(logits))));
}
