import { z } from 'zod';
import type { Use } from './contribution.js';
import { useOption } from './use-option.js';

/** Members that an ensemble may have. */
const most = 64;

/** Schema of how many members an ensemble has. */
export const memberCount = z.int().min(1).max(most);

/** Schema of what the members of an ensemble are: one use for all, or a list with one for each. */
export const memberUses = z.union([useOption, z.array(useOption).min(1).max(most)]);

type Uses = Use | readonly Use[];

const isList = (uses: Uses): uses is readonly Use[] => Array.isArray(uses);

/** False where a list has another length than the number beside it. */
export const countFits = (uses: Uses, count: number | undefined): boolean =>
  !isList(uses) || count === undefined || count === uses.length;

/** What each member is; a list says how many there are. */
export const membersOf = (uses: Uses, count: number): readonly Use[] =>
  isList(uses) ? uses : Array.from({ length: count }, () => uses);
