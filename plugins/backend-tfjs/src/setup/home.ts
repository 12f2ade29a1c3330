import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

/** The packages whose native library runs graphs, the one that may use a GPU first. */
export const packageNames = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

export type TfjsPackage = (typeof packageNames)[number];

/** Where packages of tfjs are looked for: the user's project, this package's surroundings, what `setup:tfjs` built. */
export const packagePlaces = (): readonly string[] => [
  path.join(process.cwd(), 'package.json'),
  import.meta.filename ?? import.meta.url,
  path.join(tfjsHome(), 'package.json'),
];

/**
 * Where `setup:tfjs` puts tfjs-node and TensorFlow's library: a folder of the user's, outside any project, since the
 * library alone takes 0.6 GB. `LIMBECK_TFJS_HOME` names another.
 */
export function tfjsHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.LIMBECK_TFJS_HOME) return path.resolve(env.LIMBECK_TFJS_HOME);
  return path.join(cacheOf(env), 'limbeck', 'tfjs');
}

/** The cache folder of the user; variables that hold no absolute path count as unset, as the XDG specification has it. */
function cacheOf({ XDG_CACHE_HOME: cache = '', HOME: home = '' }: NodeJS.ProcessEnv): string {
  if (path.isAbsolute(cache)) return cache;
  return path.isAbsolute(home) ? path.join(home, '.cache') : (cacheOfUser() ?? tmpdir());
}

/** A user without an account, as in many containers, has no home. */
function cacheOfUser(): string | undefined {
  try {
    const { homedir } = userInfo();
    return path.isAbsolute(homedir) ? path.join(homedir, '.cache') : undefined;
  } catch {
    return undefined;
  }
}
