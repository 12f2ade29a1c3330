import { defineTask, type TaskContext } from '@limbeck/core';
import {
  add,
  cast,
  div,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  softmaxCrossEntropy,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { classFactors, perClass } from './class-factors.js';

const options = z.strictObject({
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('share of the target given to all classes alike (Szegedy et al., 2016)'),
  classWeights: perClass.describe('how much each class counts, in their order; absent: all alike'),
});

/**
 * Softmax cross-entropy, with label smoothing and class weights as PyTorch's `cross_entropy` defines them: with class
 * indices and weights, the mean is weighted by those of the labels; with soft targets, it is the mean over the batch.
 */
export const crossEntropy = defineTask({
  id: 'cross-entropy',
  description: 'softmax cross-entropy of class indices or of probabilities',
  options,
  term: 'ce',
  targets: ['index', 'soft'],
  loss: ({ logits, targets, classes, options: chosen }: TaskContext<z.infer<typeof options>>) => {
    if (targets.kind === 'none') return undefined;
    const { labelSmoothing: smoothing, classWeights } = chosen;
    const isIndex = targets.kind === 'index';
    if (isIndex && smoothing === 0 && classWeights === undefined) {
      return mean(softmaxCrossEntropy(logits, targets.values));
    }
    const weights = classWeights && classFactors(logits.graph, 'classWeights', classWeights, classes);
    const weighted = (x: Tensor) => (weights === undefined ? x : mul(x, weights));
    const target = isIndex ? cast(oneHot(targets.values, classes), logits.dtype) : targets.values;
    const surprise = weighted(neg(logSoftmax(logits)));
    const smoothed = smoothing === 0 ? target : add(mul(target, 1 - smoothing), smoothing / classes);
    const total = sum(mul(surprise, smoothed));
    return isIndex && weights !== undefined
      ? div(total, sum(weighted(target)))
      : div(total, logits.shape[0]!);
  },
});
