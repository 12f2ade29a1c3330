import { type CompositeName, composites, type Tensor } from '@limbeck/graph';
import { conv2dInputGradient, conv2dWeightGradient } from './convolution-gradients.js';
import { same } from './elementwise.js';
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
  sigmoid: same('Sigmoid'),
  softmax: alongLastAxis('Softmax'),
  softmaxCrossEntropy,
  softplus: same('Softplus'),
};

/** The claim on a composite node, where there is one. Plugins' composites of the same name are not ours to claim. */
export function claimOn(node: Tensor): Claim<never> | undefined {
  const name = node.operation.name as CompositeName;
  if (composites[name] !== (node.operation as unknown) || !Object.hasOwn(claims, name)) return undefined;
  const claim = claims[name] as Claim<never>;
  return claim.when === undefined || claim.when(node, node.attributes as never) ? claim : undefined;
}
