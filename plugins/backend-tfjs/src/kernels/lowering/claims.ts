import { claimFor } from '@limbeck/core/backend';
import type { CompositeName, composites, Tensor } from '@limbeck/graph';
import type { AttributesOf, None } from '../../lowering/lowering.js';
import type { KernelTarget } from '../device.js';
import { conv2dInputGradient, conv2dWeightGradient } from './convolution-gradients.js';
import { reluGradient, unary } from './elementwise.js';
import type { KernelClaim } from './kernel.js';
import {
  batchNorm,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
} from './normalization.js';
import { globalAveragePool } from './reduce.js';

/** The logarithm of graphics processors is that of 1 + x, rounded: small x is lost. */
const log1p: KernelClaim<None> = {
  ...unary('Log1p'),
  when: (_, { device }) => device !== 'webgpu',
};

/** Along the last axis. */
const softmax: KernelClaim<None> = {
  lower: ({ graph, node }) =>
    graph.emit('Softmax', { logits: graph.read(node.inputs[0]!) }, { dim: node.shape.length - 1 }),
};

/** Composites that are not decomposed: tfjs has a kernel that is faster, or what it lacks can be had for less. */
const claims: {
  readonly [K in CompositeName]?: KernelClaim<AttributesOf<(typeof composites)[K]>>;
} = {
  batchNorm,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
  conv2dInputGradient,
  conv2dWeightGradient,
  globalAveragePool,
  log1p,
  reluGradient,
  sigmoid: unary('Sigmoid'),
  softmax,
  softplus: unary('Softplus'),
};

/** The claim on a composite node, where there is one. */
export function claimOn(node: Tensor, target: KernelTarget): KernelClaim<never> | undefined {
  const claim = node.dtype === 'float32' ? claimFor<KernelClaim<never>>(claims, node) : undefined;
  return claim?.when?.(node, target, node.attributes as never) === false ? undefined : claim;
}
