import { LimbeckError } from '@limbeck/core';

/** Size of the projectors of classifier sharing. */
export interface ProjectorSize {
  /** How many are integrated: q. */
  readonly projectors: number;
  /** What the teacher's channels are divided by inside of them. */
  readonly reduction: number;
}

/** What is searched where nothing else is said: our own range, the paper gives none. */
export const defaultGrid = { projectors: '1,2,3,4', reductions: '1,2,4,8' } as const;

/**
 * Every combination of two lists as the command line gives them, those of few projectors first.
 *
 * @throws LimbeckError USAGE where a list is no list of positive whole numbers
 */
export function parseGrid(projectors: string, reductions: string): ProjectorSize[] {
  const counts = parseList('--projectors', projectors);
  const factors = parseList('--reductions', reductions);
  return counts.flatMap((q) => factors.map((reduction) => ({ projectors: q, reduction })));
}

function parseList(option: string, text: string): number[] {
  const values = text.split(',').map((part) => Number(part.trim() || Number.NaN));
  if (values.every((value) => Number.isSafeInteger(value) && value > 0)) {
    return [...new Set(values)].sort((a, b) => a - b);
  }
  throw new LimbeckError('USAGE', `${option} ${text} is no list of whole numbers above 0`, {
    hint: `write ${option} 1,2,4`,
  });
}
