import { NnError } from '../errors.js';

/** How long a run is. */
export interface Horizon {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** Factor of the learning rate at a step of the run, counted from 0. */
export type LearningRateFactor = (step: number) => number;

/** Always 1. */
export const constantSchedule = (): LearningRateFactor => () => 1;

/**
 * Multiplied by `gamma` after each milestone, an epoch count: with 150, epochs 1 to 150 keep the rate and epoch 151 is
 * the first with the lower one, as in RepDistiller's protocol.
 */
export function multiStep(
  { milestones, gamma }: { milestones: readonly number[]; gamma: number },
  { stepsPerEpoch }: Horizon,
): LearningRateFactor {
  return (step) => gamma ** milestones.filter((milestone) => step >= milestone * stepsPerEpoch).length;
}

/** Falls from 1 to `final` along half a cosine, step by step (Loshchilov and Hutter, 2017, without restarts). */
export function cosine({ final }: { final: number }, { epochs, stepsPerEpoch }: Horizon): LearningRateFactor {
  const steps = epochs * stepsPerEpoch;
  return (step) => final + ((1 - final) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

/** Rises linearly to 1 over `epochs` epochs, then follows `then`, which starts at its own beginning. */
export function linearWarmup(
  { epochs, from }: { epochs: number; from: number },
  horizon: Horizon,
  then: (rest: Horizon) => LearningRateFactor,
): LearningRateFactor {
  if (!(epochs < horizon.epochs)) {
    throw new NnError(`a warm-up of ${epochs} epochs does not fit into a run of ${horizon.epochs}`);
  }
  const steps = epochs * horizon.stepsPerEpoch;
  const rest = then({ ...horizon, epochs: horizon.epochs - epochs });
  return (step) => (step < steps ? from + ((1 - from) * (step + 1)) / steps : rest(step - steps));
}
