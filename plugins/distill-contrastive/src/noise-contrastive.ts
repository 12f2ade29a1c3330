import { add, div, log, mean, neg, slice, sum, type Tensor } from '@limbeck/graph';

/** Keeps the logarithms finite, as in the published code. */
const epsilon = 1e-7;

/**
 * How well the first column is told from the others (CRD, eq. 9 and 17, as released): the negative log-likelihood that a
 * column comes from the data and not from `total` equally likely samples, summed over columns, mean over the batch.
 *
 * @param scores [N, 1 + count]: the positive, then its negatives; positive numbers of mean about 1 / total
 * @param total samples of the training split
 */
export function noiseContrastiveLoss(scores: Tensor, total: number): Tensor {
  const noise = (scores.shape[1]! - 1) / total;
  const positive = slice(scores, { axis: 1, end: 1 });
  const negatives = slice(scores, { axis: 1, start: 1 });
  const fromData = log(div(positive, add(positive, noise + epsilon)));
  const fromNoise = log(div(noise, add(negatives, noise + epsilon)));
  return neg(add(mean(fromData), mean(sum(fromNoise, { axis: 1 }))));
}
