import { NnError } from '../errors.js';

/** How long a run is. */
export interface Horizon {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** Factor of the learning rate, or of a loss's weight, at a step of the run, counted from 0. */
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

/** Shape of {@link cosine}. */
export interface CosineOptions {
  /** Factor at the end. */
  readonly final: number;
  /** Epochs before the factor falls. Default 0; the factor stays 1 where the run ends before. */
  readonly start?: number;
  /** Epochs after which the factor stays. Default those of the run. */
  readonly end?: number;
}

/** Falls from 1 to `final` along half a cosine, step by step (Loshchilov and Hutter, 2017, without restarts). */
export function cosine(
  { final, start = 0, end }: CosineOptions,
  { epochs, stepsPerEpoch }: Horizon,
): LearningRateFactor {
  if (end !== undefined && !(start < end)) {
    throw new NnError(`a cosine from epoch ${start} to epoch ${end} has no length`);
  }
  if (end === undefined && start >= epochs) return constantSchedule();
  const [first, last] = [start * stepsPerEpoch, (end ?? epochs) * stepsPerEpoch];
  return (step) => final + ((1 - final) * (1 + Math.cos(Math.PI * share(step, first, last)))) / 2;
}

/** How much of the way from `first` to `last` a step is, between 0 and 1. */
const share = (step: number, first: number, last: number): number =>
  Math.min(1, Math.max(0, (step - first) / (last - first)));

/** A factor that changes linearly between two epochs. */
export interface LinearCourseOptions {
  /** Epochs before it begins to change. */
  readonly start: number;
  /** Epochs after which it stays; may lie beyond the end of the run. */
  readonly end: number;
  /** Factor up to `start`. */
  readonly from: number;
  /** Factor from `end` on. */
  readonly to: number;
  /** Whether it changes with every step, or keeps the value of an epoch's last step through the epoch. */
  readonly by: 'step' | 'epoch';
}

/**
 * Changes linearly between two epochs. A step has what it would have at its end, as in `min(epoch / 20, 1)` with epochs
 * counted from 1.
 */
export function linearCourse(
  { start, end, from, to, by }: LinearCourseOptions,
  { stepsPerEpoch }: Horizon,
): LearningRateFactor {
  if (!(start < end)) throw new NnError(`a line from epoch ${start} to epoch ${end} has no length`);
  const [first, last] = [start * stepsPerEpoch, end * stepsPerEpoch];
  return (step) => {
    const done = by === 'step' ? step + 1 : (Math.floor(step / stepsPerEpoch) + 1) * stepsPerEpoch;
    return from + (to - from) * share(done, first, last);
  };
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
