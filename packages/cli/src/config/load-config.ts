import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLimbeckError, LimbeckError } from '@limbeck/core';
import { type ConfigLayer, extendsOf } from '@limbeck/core/host';
import { cosmiconfig, type PublicExplorer } from 'cosmiconfig';
import { anchorPaths } from './anchor-paths.js';
import { loaders, searchPlaces, withoutMark } from './loaders.js';

/** A configuration as it was written, with everything it starts from. */
export interface LoadedConfig {
  /** The file, absolute. */
  readonly file: string;
  /** What it extends first, the file itself last. */
  readonly layers: readonly ConfigLayer[];
  /** Folders of the files, of the file itself first: where plugins are looked for. */
  readonly folders: readonly string[];
}

/**
 * Reads a configuration file, or looks for one in the working directory and the folders above it up to the project's.
 *
 * @param given path of the file, relative to `cwd`
 * @throws LimbeckError CONFIG_NOT_FOUND, CONFIG_INVALID, CONFIG_THREW
 */
export async function loadConfig(given: string | undefined, cwd: string): Promise<LoadedConfig> {
  const explorer = explore();
  const file = given === undefined ? await findConfig(cwd) : await existing(path.resolve(cwd, given), given);
  const layers: { layer: ConfigLayer; folder: string }[] = [];
  await addLayers(file, [], { explorer, layers, cwd, read: new Set() });
  const folders = layers.map(({ folder }) => folder).reverse();
  return { file, layers: layers.map(({ layer }) => layer), folders: [...new Set(folders)] };
}

/** The configuration a command without one would use, without running it. */
export async function findConfig(cwd: string): Promise<string> {
  // a loader that only notes the path: code runs when the configuration is read, not when it is looked for
  const note = (file: string, content: string) => {
    if (path.basename(file) !== 'package.json') return { found: file };
    const manifest = parseManifest(content);
    return manifest !== null && typeof manifest === 'object' && 'limbeck' in manifest
      ? { limbeck: { found: file } }
      : {};
  };
  const explorer = explore(Object.fromEntries(Object.keys(loaders).map((kind) => [kind, note])));
  await checkPlaces(cwd);
  const found = (await explorer.search(cwd))?.filepath;
  if (found !== undefined) return found;
  throw new LimbeckError('CONFIG_NOT_FOUND', `there is no configuration in ${cwd} or the folders above it`, {
    hint: "write one with 'limbeck init', or name its file",
    details: { folder: cwd, names: searchPlaces },
  });
}

/** True where a command without a configuration's name would find one. */
export const hasConfig = (cwd: string): Promise<boolean> =>
  findConfig(cwd).then(
    () => true,
    () => false,
  );

function parseManifest(content: string): unknown {
  try {
    return JSON.parse(withoutMark(content));
  } catch {
    return undefined;
  }
}

const explore = (readers: Readonly<Record<string, (typeof loaders)[string]>> = loaders): PublicExplorer =>
  cosmiconfig('limbeck', {
    searchPlaces,
    searchStrategy: 'project',
    loaders: readers,
    cache: false,
    mergeSearchPlaces: false,
    ignoreEmptySearchPlaces: false,
  });

/** Files that may be read for one configuration. */
const mostFiles = 100;

/** What is shared while a configuration and all it extends are read. */
interface Reading {
  readonly explorer: PublicExplorer;
  /** Those read so far, what is extended before what extends it. */
  readonly layers: { layer: ConfigLayer; folder: string }[];
  readonly cwd: string;
  /** Files that were begun. */
  readonly read: Set<string>;
}

/** A file that several others extend counts once, before the first of them. */
async function addLayers(file: string, above: readonly string[], reading: Reading): Promise<void> {
  const { explorer, layers, cwd } = reading;
  if (above.includes(file)) {
    const circle = [...above.slice(above.indexOf(file)), file].map((one) => shown(one, cwd));
    throw new LimbeckError(
      'CONFIG_INVALID',
      `configurations extend each other in a circle: ${circle.join(' -> ')}`,
      {
        hint: "take one of them out of 'extends'",
        details: { circle },
      },
    );
  }
  if (reading.read.has(file)) return;
  reading.read.add(file);
  if (reading.read.size > mostFiles) {
    throw new LimbeckError('CONFIG_INVALID', `the configuration extends over ${mostFiles} files`, {
      hint: 'merge some of them',
      details: { files: mostFiles },
    });
  }
  const value = await read(explorer, file);
  const folder = path.dirname(file);
  for (const base of extendsOf(value, shown(file, cwd))) {
    await addLayers(await locateBase(base, folder, file), [...above, file], reading);
  }
  layers.push({ layer: { source: shown(file, cwd), value: anchorPaths(value, folder) }, folder });
}

async function read(explorer: PublicExplorer, file: string): Promise<unknown> {
  let result: Awaited<ReturnType<PublicExplorer['load']>>;
  try {
    result = await explorer.load(file);
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
    const known = Object.keys(loaders).filter((kind) => kind.startsWith('.'));
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new LimbeckError('CONFIG_INVALID', `${file} cannot be read: ${message}`, {
      hint: `a configuration is a file ending in ${known.join(', ')}`,
      details: { file },
      cause,
    });
  }
  if (result === null || result.isEmpty || result.config === undefined) {
    throw new LimbeckError('CONFIG_INVALID', `${file} is empty`, {
      hint: "write a configuration into it; 'limbeck init' makes one in an empty folder",
      details: { file },
    });
  }
  return result.config;
}

/** A path relative to the file that names it, or the file of a package. */
async function locateBase(base: string, folder: string, file: string): Promise<string> {
  if (base.startsWith('.') || path.isAbsolute(base)) {
    return existing(path.resolve(folder, base), base, ` (extended by ${file})`);
  }
  const { createJiti } = await import('jiti');
  const found = createJiti(file).esmResolve(base, { try: true });
  if (found !== undefined) return found.startsWith('file:') ? fileURLToPath(found) : found;
  throw new LimbeckError('CONFIG_NOT_FOUND', `${file} extends '${base}', which is not installed`, {
    hint: `npm install ${packageOf(base)}, or write a path that starts with ./`,
    details: { file, extends: base },
  });
}

/** The package of a module's name. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** A file that is there; `given` is how messages call it. */
export async function existing(file: string, given: string, who = ''): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) {
    refuseLarge(file, found.size);
    return file;
  }
  const what = found === undefined ? 'does not exist' : 'is not a file';
  throw new LimbeckError('CONFIG_NOT_FOUND', `the configuration ${given} ${what}${who}`, {
    hint: found?.isDirectory() ? 'name the file in it' : `looked for ${file}`,
    details: { file },
  });
}

/** Bytes of a configuration. */
const largest = 10_000_000;

function refuseLarge(file: string, size: number): void {
  if (size <= largest) return;
  throw new LimbeckError('CONFIG_INVALID', `${file} has ${size} bytes, a configuration at most ${largest}`, {
    hint: 'is it another kind of file?',
    details: { file, bytes: size },
  });
}

/** Looks at what the search would open: a pipe would keep it for ever, a device feed it without end. */
async function checkPlaces(cwd: string): Promise<void> {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    for (const place of [...searchPlaces, 'package.yaml']) {
      const file = path.join(folder, place);
      const found = await stat(file).catch(() => undefined);
      if (found === undefined || found.isDirectory()) continue;
      if (found.isFile()) refuseLarge(file, found.size);
      else {
        throw new LimbeckError('CONFIG_INVALID', `${file} is a pipe, a socket or a device, and not a file`, {
          hint: 'remove it, or name the configuration to use',
          details: { file },
        });
      }
      if (place.startsWith('package.')) return;
    }
    if (path.dirname(folder) === folder) return;
  }
}

/** A path as messages show it: relative where it lies below the working directory. */
export function shown(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
