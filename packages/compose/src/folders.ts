import { userInfo } from 'node:os';
import path from 'node:path';
import type { ResolvedConfig } from '@limbeck/core/host';

/** Where something is composed: what relative paths start from, and the process's environment. */
export interface Surroundings {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Folders outside a run's own. */
export interface RunFolders {
  /** Of fetched data sets. */
  readonly dataDir: string;
  /** Of teachers' caches that name none. */
  readonly cacheDir: string;
  /** Of ranges of teachers in int8 that name none. */
  readonly calibrationDir: string;
}

/**
 * The folder of fetched data sets: what the command line or the configuration says, else `LIMBECK_DATA`, else
 * `limbeck/data` in the user's cache. Without a home it lies beside the runs.
 */
export function dataFolder(given: string | undefined, { cwd, env }: Surroundings): string {
  const chosen = given ?? env.LIMBECK_DATA;
  if (chosen) return path.resolve(cwd, chosen);
  const cache = userCache(env);
  return cache === undefined ? path.join(cwd, 'runs', '.cache', 'data') : path.join(cache, 'limbeck', 'data');
}

/** The cache folder of the user; variables that hold no absolute path count as unset, as the XDG specification has it. */
export function userCache(env: Surroundings['env']): string | undefined {
  const { XDG_CACHE_HOME: cache = '', HOME: home = '' } = env;
  if (path.isAbsolute(cache)) return cache;
  const own = path.isAbsolute(home) ? home : homeOfUser();
  return own === undefined ? undefined : path.join(own, '.cache');
}

/** As the system knows the user; a number without an account, as in many containers, has none. */
function homeOfUser(): string | undefined {
  try {
    const { homedir } = userInfo();
    return path.isAbsolute(homedir) ? homedir : undefined;
  } catch {
    return undefined;
  }
}

/** The folders outside a run's own, where neither configuration nor environment says otherwise: beside the runs. */
export function runFolders({ data }: ResolvedConfig, where: Surroundings): RunFolders {
  const shared = (name: string) => relativePath(path.join(where.cwd, 'runs', '.cache', name), process.cwd());
  return {
    dataDir: dataFolder(data.dir, where),
    cacheDir: shared('teacher'),
    calibrationDir: shared('calibration'),
  };
}

/** Where what distillers prepare is kept, beside the caches of teachers. */
export const preparedFolder = (cacheDir: string): string => path.join(cacheDir, 'prepared');

/** A path as messages show it: relative where it lies below the working directory. */
export function relativePath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
