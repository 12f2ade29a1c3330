import { claimFor } from '@limbeck/core/backend';
import type { CompositeName, composites, Tensor } from '@limbeck/graph';
import { conv2dInputGradient, conv2dWeightGradient } from './convolution-gradients.js';
import { reluGradient, same } from './elementwise.js';
import type { AttributesOf, Claim } from './lowering.js';
import {
  batchNorm,
  batchNormInputGradient,
  batchNormScaleGradient,
  batchNormTraining,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
} from './normalization.js';
import { globalAveragePool } from './reduce.js';
import { alongLastAxis, softmaxCrossEntropy } from './softmax.js';

/** Composites that are not decomposed. Each is faster this way, or closer to the true value. */
export const claims: {
  readonly [K in CompositeName]?: Claim<AttributesOf<(typeof composites)[K]>>;
} = {
  batchNorm,
  batchNormInputGradient,
  batchNormScaleGradient,
  batchNormTraining,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
  conv2dInputGradient,
  conv2dWeightGradient,
  globalAveragePool,
  log1p: same('Log1p'),
  logSoftmax: alongLastAxis('LogSoftmax'),
  reluGradient,
  sigmoid: same('Sigmoid'),
  softmax: alongLastAxis('Softmax'),
  softmaxCrossEntropy,
  softplus: same('Softplus'),
};

/** The claim on a composite node, where there is one. */
export function claimOn(node: Tensor): Claim<never> | undefined {
  const claim = claimFor<Claim<never>>(claims, node);
  return claim?.when?.(node, node.attributes as never) === false ? undefined : claim;
}
