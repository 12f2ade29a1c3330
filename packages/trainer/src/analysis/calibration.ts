import { defineMetric, labelsOf, type Predictions } from '@limbeck/core';
import { z } from 'zod';
import { mostLikely } from './most-likely.js';

const options = z.strictObject({
  bins: z.int().min(1).max(1000).default(15).describe('of equal width, over confidences from 0 to 1'),
});

/**
 * Expected calibration error (Guo et al., ICML 2017): how far confidence, the probability of the predicted class, is from
 * the share of right predictions, in bins (lower, upper] of confidence weighted by how many samples they hold. From 0 to 1.
 */
export const ece = defineMetric({
  id: 'ece',
  description: 'expected calibration error: how far confidence is from accuracy',
  better: 'lower',
  targets: ['index'],
  options,
  create({ bins }: z.infer<typeof options>) {
    const gap = new Float64Array(bins); // sum of (confidence - right) of a bin's samples
    let samples = 0;
    return {
      add(batch: Predictions) {
        for (let row = 0; row < batch.count; row++) {
          const { confidence, isRight } = judged(batch, row);
          const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
          gap[bin]! += confidence - Number(isRight);
        }
        samples += batch.count;
      },
      value: () => gap.reduce((sum, difference) => sum + Math.abs(difference), 0) / samples,
    };
  },
});

/** Probability of the most likely class, and whether that is the right one. */
function judged({ logits, targets, classes }: Predictions, row: number) {
  const labels = labelsOf(targets);
  const start = row * classes;
  const predicted = mostLikely(logits, start, classes);
  const values = logits.subarray(start, start + classes);
  let total = 0;
  for (const value of values) total += Math.exp(value - values[predicted]!);
  return { confidence: 1 / total, isRight: predicted === labels[row] };
}
