import {
  add,
  batchNormTraining,
  broadcastTo,
  channelMean,
  channelVariance,
  formatShape,
  mul,
  batchNorm as normalize,
  reshape,
  sizeOf,
  type Tensor,
} from '@limbeck/graph';
import { NnError } from '../errors.js';
import { ones, zeros } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Options of `Scope.batchNorm`, named as in PyTorch. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch. */
  readonly epsilon?: number;
  /** Share of the new batch in the running statistics. Default 0.1, as in PyTorch. */
  readonly momentum?: number;
  /** Learn a scale and an offset. Default true. */
  readonly affine?: boolean;
}

/**
 * Variables `weight`, `bias`, `running_mean`, `running_var`, all [C]. In training the batch's own statistics normalise
 * and the running ones follow, the variance unbiased, as PyTorch does it. Frozen, the layer normalises with the running
 * statistics in training, too, and they stay: where they are frozen by name, or `weight` and `bias` both are.
 */
export function batchNorm(m: Scope, x: Tensor, options: BatchNormOptions): Tensor {
  const { epsilon = 1e-5, momentum = 0.1, affine = true } = options;
  if (x.shape.length !== 4 && x.shape.length !== 2) {
    throw new NnError(
      `batch norm '${m.path}' takes maps [N, C, H, W] or vectors [N, C], not ${formatShape(x.shape)}`,
    );
  }
  const channels = x.shape[1]!;
  const map = x.shape.length === 4 ? x : reshape(x, [...x.shape, 1, 1]);
  const vector = (value: number) => broadcastTo(m.trace.graph.scalar(value), [channels]);
  const scale = affine ? m.parameter('weight', [channels], ones) : vector(1);
  const bias = affine ? m.parameter('bias', [channels], zeros) : vector(0);
  const runningMean = m.buffer('running_mean', [channels], zeros);
  const runningVariance = m.buffer('running_var', [channels], ones);
  if (m.mode === 'eval' || isFrozen(m, affine)) {
    return reshape(normalize(map, runningMean, runningVariance, scale, bias, { epsilon }), x.shape);
  }
  const count = sizeOf(map.shape) / channels;
  if (count < 2) {
    throw new NnError(
      `batch norm '${m.path}' needs more than one value a channel in training; its input ${formatShape(x.shape)} has one: use a larger batch`,
    );
  }
  const follow = (running: Tensor, batch: Tensor) =>
    m.update(running, add(mul(m.latest(running), 1 - momentum), mul(batch, momentum)));
  follow(runningMean, channelMean(map));
  follow(runningVariance, mul(channelVariance(map), count / (count - 1)));
  return reshape(batchNormTraining(map, scale, bias, { epsilon }), x.shape);
}

const isFrozen = (m: Scope, affine: boolean): boolean =>
  (m.isFrozen('running_mean') && m.isFrozen('running_var')) ||
  (affine && m.isFrozen('weight') && m.isFrozen('bias'));
