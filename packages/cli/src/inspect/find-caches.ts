import { composeRun, type RunFolders } from '@limbeck/compose';
import { isLimbeckError } from '@limbeck/core';
import { type Host, type ResolvedConfig, teachersOf } from '@limbeck/core/host';
import { type CacheFacts, describeCaches } from '@limbeck/trainer';

/** The caches of a configuration's teachers. */
export type FoundCaches =
  | { readonly found: readonly (CacheFacts & { readonly teacher: string })[] }
  /** Why nobody can tell: weights that are not there, for instance. */
  | { readonly problem: string };

/**
 * Looks which caches a run would use and what they lack; their names follow from weights and data, which are read.
 *
 * @returns undefined where no teacher has a cache
 */
export async function findCaches(
  config: ResolvedConfig,
  host: Host,
  folders: RunFolders,
): Promise<FoundCaches | undefined> {
  if (!teachersOf(config).some(({ cache }) => cache !== undefined)) return undefined;
  try {
    return { found: describeCaches(await composeRun(config, host, folders)) };
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    return { problem: error.message };
  }
}
