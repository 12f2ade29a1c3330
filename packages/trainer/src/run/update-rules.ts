import type { GradientTransform } from '@limbeck/core';
import type { ParameterGroup } from '@limbeck/nn';
import type { Chosen } from './choices.js';

/** A moving average of the weights, kept beside them. */
export interface AverageSettings {
  /** Share of the average that stays in an optimiser step: at least 0, below 1. */
  readonly decay: number;
  /** Start with short averages, as `averageDecay` does. */
  readonly warmup: boolean;
  /** Whether the averaged weights are evaluated, choose the best epoch and are exported; else the trained ones are. */
  readonly deploy: boolean;
}

/** How gradients become new weights, besides the optimiser itself. */
export interface UpdateRules {
  /** Parameters with a rate or a weight decay of their own; those with a factor of 0 are frozen. */
  readonly groups?: readonly ParameterGroup[];
  /** Factor of the learning rate from each block of the student to the one before it. Default: all have the same rate. */
  readonly layerDecay?: number;
  /** What changes gradients before the optimiser, in this order. Default: nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: every transform brings an option type of its own
  readonly transforms?: readonly Chosen<GradientTransform<any>>[];
  /** Batches whose mean gradient makes one optimiser step. Default 1. */
  readonly accumulate?: number;
  /** Default: no average is kept. */
  readonly ema?: AverageSettings;
  /** Regular expressions over state names: what they fit is not trained, and running statistics stay. Default: none. */
  readonly freeze?: readonly string[];
}
