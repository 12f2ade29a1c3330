import { homedir } from 'node:os';
import path from 'node:path';
import type { Io } from './io.js';

/**
 * The folder of fetched data sets: what the command line or the configuration says, else `LIMBECK_DATA`, else
 * `limbeck/data` in the user's cache.
 */
export function dataFolder(given: string | undefined, { cwd, env }: Pick<Io, 'cwd' | 'env'>): string {
  const chosen = given ?? env.LIMBECK_DATA;
  if (chosen) return path.resolve(cwd, chosen);
  const cache = env.XDG_CACHE_HOME || path.join(env.HOME ?? homedir(), '.cache');
  return path.join(cache, 'limbeck', 'data');
}
