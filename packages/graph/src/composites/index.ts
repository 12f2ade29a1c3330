import type { Tensor } from '../tensor.js';
import { adaptiveAvgPoolOperation } from './adaptive-pool.js';
import { scaledDotProductAttention } from './attention.js';
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
} from './batch-norm.js';
import { conv2dInputGradient, conv2dWeightGradient } from './convolution-gradients.js';
import {
  cosineSimilarity,
  gelu,
  globalAveragePool,
  l2Normalize,
  log1p,
  sigmoid,
  softplus,
} from './elementary.js';
import { layerNorm } from './layer-norm.js';
import { randomInteger } from './random-integer.js';
import { reluGradient } from './relu-gradient.js';
import { logSoftmax, logSumExp, softmax, softmaxCrossEntropy } from './softmax.js';

/** Every composite of this package, by name. Plugins may declare more with `composite`. */
export const composites = {
  adaptiveAvgPool: adaptiveAvgPoolOperation,
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
  cosineSimilarity,
  gelu,
  globalAveragePool,
  l2Normalize,
  layerNorm,
  log1p,
  logSoftmax,
  logSumExp,
  randomInteger,
  reluGradient,
  scaledDotProductAttention,
  sigmoid,
  softmax,
  softmaxCrossEntropy,
  softplus,
} as const;

/** Names of the composites of this package. */
export type CompositeName = keyof typeof composites;

/** The name of one of this package's composites; undefined for any other operation, whatever it is called. */
export function compositeName({ operation }: Tensor): CompositeName | undefined {
  const known: Readonly<Record<string, unknown>> = composites;
  return known[operation.name] === operation ? (operation.name as CompositeName) : undefined;
}
