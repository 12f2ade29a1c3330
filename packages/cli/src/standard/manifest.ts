import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The parts of a package.json that say what a plugin is, readable without running it. */
export interface PluginManifest {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly limbeck?: {
    readonly api?: number;
    readonly contributes?: Readonly<Record<string, readonly string[]>>;
  };
}

const ownFolder = path.dirname(fileURLToPath(import.meta.url));

/**
 * The package.json of an installed package, looked for as Node looks for packages.
 *
 * @param from where the search begins; default this package
 */
export async function manifestOf(packageName: string, from = ownFolder): Promise<PluginManifest | undefined> {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const manifest = await readManifest(path.join(folder, 'node_modules', packageName));
    if (manifest?.name === packageName) return manifest;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** The package.json in a folder; nothing where there is none that can be read. */
export async function readManifest(folder: string): Promise<PluginManifest | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as PluginManifest;
  } catch {
    return undefined;
  }
}
