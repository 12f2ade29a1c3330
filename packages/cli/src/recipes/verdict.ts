import type { Recipe } from '@limbeck/core';

/** Mean and spread of runs, in percent. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation with n - 1; absent for one run. */
  readonly sd?: number;
  readonly n: number;
}

/** How our runs of a recipe compare with what was published. */
export interface Verdict {
  /** Which of our figures is compared. */
  readonly of: 'last' | 'best';
  readonly published: number;
  /** Ours minus theirs, in points. */
  readonly difference: number;
  /** What the difference may be, in points. */
  readonly allowed: number;
  readonly reproduced: boolean;
}

/** What the difference may be where no spread is published, in points. */
export const withoutSpread = 0.5;

/** Mean and standard deviation. @param values at least one, in percent */
export function spreadOf(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, sd: Math.sqrt(variance), n };
}

/**
 * Reproduced if |difference| <= 2 sqrt(sd^2 / n + sd_pub^2 / n_pub); 0.5 points where no spread is published. Runs behind a
 * published spread count as one where their number is not stated. The last epoch is compared unless the best one was published.
 *
 * @returns nothing where no figure was published
 */
export function verdictOf(
  { published, reports }: Pick<Recipe, 'published' | 'reports'>,
  ours: { readonly last: Spread; readonly best: Spread },
): Verdict | undefined {
  if (published === undefined) return undefined;
  const of = reports === 'best' ? 'best' : 'last';
  const { mean, sd = 0, n } = ours[of];
  const difference = mean - published.top1;
  const allowed =
    published.sd === undefined
      ? withoutSpread
      : 2 * Math.sqrt(sd ** 2 / n + published.sd ** 2 / (published.runs ?? 1));
  return { of, published: published.top1, difference, allowed, reproduced: Math.abs(difference) <= allowed };
}
