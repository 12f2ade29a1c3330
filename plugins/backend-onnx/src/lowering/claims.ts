import { claimFor } from '@limbeck/core/backend';
import { attr } from '@limbeck/formats';
import type { CompositeName, composites, Tensor } from '@limbeck/graph';
import { conv2dInputGradient, conv2dWeightGradient } from './convolution-gradients.js';
import { reluGradient, same } from './elementwise.js';
import type { AttributesOf, Claim } from './lowering.js';
import {
  batchNorm,
  batchNormTraining,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
  layerNorm,
} from './normalization.js';
import { oldestOpset } from './opset.js';
import type { LoweringTarget } from './target.js';

/** One operator along the last axis: a single pass, where the decomposition makes four or five. */
const alongLastAxis = (opType: string): Claim<Record<never, never>> => ({
  lower: (inputs, { model }) => model.emit(opType, inputs, { axis: attr.int(-1) }),
});

/** Composites that are not decomposed. Each is faster this way, or closer to the true value. */
export const claims: {
  readonly [K in CompositeName]?: Claim<AttributesOf<(typeof composites)[K]>>;
} = {
  batchNorm,
  batchNormTraining,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
  conv2dInputGradient,
  conv2dWeightGradient,
  // one pass; the decomposition of the exact function makes five
  gelu: { lower: same('Gelu'), since: 20 },
  // has a kernel for blocked maps, which a mean over axes would have to be put in order for
  globalAveragePool: {
    lower: (inputs, { model }) =>
      model.emit('Flatten', [model.emit('GlobalAveragePool', inputs)], { axis: attr.int(1) }),
  },
  layerNorm,
  logSoftmax: alongLastAxis('LogSoftmax'),
  reluGradient: { lower: reluGradient },
  sigmoid: { lower: same('Sigmoid') },
  softmax: alongLastAxis('Softmax'),
  // computed by log1p: exact where e^x is small
  softplus: { lower: same('Softplus') },
};

/** What a composite may be lowered to: operators of this set, for a device that has these kernels. */
export type Available = Pick<LoweringTarget, 'kernels' | 'opset'>;

/** The claim on a composite node with what is available, where there is one. */
export function claimOn(node: Tensor, { kernels, opset }: Available): Claim<never> | undefined {
  const claim = claimFor<Claim<never>>(claims, node);
  if (claim === undefined || (claim.since ?? oldestOpset) > opset) return undefined;
  return claim.when?.(node, node.attributes as never, kernels) === false ? undefined : claim;
}
