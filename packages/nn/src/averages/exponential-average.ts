import { add, mul, sub, type Tensor } from '@limbeck/graph';
import { NnError } from '../errors.js';

/** How an average of weights looks back. */
export interface AverageDecayOptions {
  /** Share of the average that stays in a step: at least 0, below 1. */
  readonly decay: number;
  /** Start with short averages: min(decay, 1 - (1 + step) ** -power). Default false. */
  readonly warmup?: boolean;
  /** Exponent of the warm-up. Default 2/3. */
  readonly power?: number;
}

/**
 * The decay of an average of weights at each optimiser step, counted from 0. Without a warm-up it is always `decay`, as in
 * timm's ModelEmaV2. With one it is that of timm's ModelEmaV3 (gamma 1): 0 in the first step, which copies the weights,
 * then 1 - (1 + step) ** -power until that reaches `decay`.
 */
export function averageDecay({
  decay,
  warmup = false,
  power = 2 / 3,
}: AverageDecayOptions): (step: number) => number {
  if (!(decay >= 0 && decay < 1)) throw new NnError(`a decay of ${decay} is not at least 0 and below 1`);
  if (!warmup) return () => decay;
  return (step) => Math.min(decay, 1 - (1 + step) ** -power);
}

/** One value that is averaged. */
export interface AveragedValue {
  readonly stateName: string;
  /** What the step makes of it. */
  readonly next: Tensor;
}

/** Name of the state that holds the average of a value. */
export const averageName = (stateName: string): string => `average.${stateName}`;

/** The state name a value is the average of; undefined for other names. */
export const averagedName = (stateName: string): string | undefined =>
  stateName.startsWith('average.') ? stateName.slice('average.'.length) : undefined;

/**
 * average = decay * average + (1 - decay) * next, for every value.
 *
 * @param decay scalar
 * @returns new values of the averages by state name; each starts as the value it follows
 */
export function averageValues(values: readonly AveragedValue[], decay: Tensor): Map<string, Tensor> {
  const { graph } = decay;
  return new Map(
    values.map(({ stateName, next }) => {
      const name = averageName(stateName);
      return graph.scoped(name, () => {
        const average = graph.state(name, next.shape);
        return [name, add(mul(average, decay), mul(next, sub(1, decay)))] as const;
      });
    }),
  );
}
