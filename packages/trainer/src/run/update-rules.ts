import type { GradientTransform } from '@limbeck/core';
import type { TrainSettings } from '@limbeck/core/host';
import type { Chosen } from './choices.js';

/** Settings of how gradients become new weights; one that is absent changes nothing. */
type UpdateSettings = Pick<TrainSettings, 'groups' | 'layerDecay' | 'accumulate' | 'ema' | 'freeze'>;

/** A moving average of the weights, kept beside them. */
export type AverageSettings = NonNullable<TrainSettings['ema']>;

/** How gradients become new weights, besides the optimiser itself. */
export interface UpdateRules extends Partial<UpdateSettings> {
  /** What changes gradients before the optimiser, in this order. Default: nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: every transform brings an option type of its own
  readonly transforms?: readonly Chosen<GradientTransform<any>>[];
}
