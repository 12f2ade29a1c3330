import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isLimbeckError, LimbeckError } from '@limbeck/core';
import { isPlugin, type PluginEntry } from '@limbeck/core/host';
import { manifestOf } from '../standard/manifest.js';
import { packageOf } from './load-config.js';
import { loadModule } from './module-loader.js';

/** A plugin as a resolved configuration lists it. */
type Listed = unknown;

/**
 * Imports the plugins a configuration lists. Names are looked up from the folders of the configuration's files, paths are
 * relative to the first.
 *
 * @throws LimbeckError PLUGIN_INVALID naming the plugin that cannot be found or imported
 */
export async function loadPlugins(
  listed: readonly Listed[],
  { folders, file }: { readonly folders: readonly string[]; readonly file: string },
): Promise<PluginEntry[]> {
  const entries: PluginEntry[] = [];
  for (const item of listed) {
    const [plugin, options] = Array.isArray(item) ? item : [item];
    const found = typeof plugin === 'string' ? await importPlugin(plugin, folders) : { plugin, origin: file };
    entries.push({ ...found, options });
  }
  return entries;
}

async function importPlugin(name: string, folders: readonly string[]): Promise<PluginEntry> {
  const { file, version, origin } = await locate(name, folders);
  try {
    const plugin =
      isPath(name) || /\.[mc]?ts$/.test(file)
        ? await loadModule(file)
        : exportedBy(await import(pathToFileURL(file).href));
    return { plugin, origin, version };
  } catch (cause) {
    if (isLimbeckError(cause) && cause.code !== 'CONFIG_THREW') throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new LimbeckError('PLUGIN_INVALID', `plugin '${name}' cannot be imported: ${message}`, {
      hint: 'run again with --debug to see where',
      details: { plugin: name, file },
      cause,
    });
  }
}

/** A file of the user's own, as opposed to an installed package. */
const isPath = (name: string): boolean => name.startsWith('.') || path.isAbsolute(name);

/** The default export; of a package that only has a named one, that. */
function exportedBy(module: Readonly<Record<string, unknown>>): unknown {
  if ('default' in module) return module.default;
  const plugins = Object.values(module).filter(isPlugin);
  return plugins.length === 1 ? plugins[0] : module;
}

async function locate(
  name: string,
  folders: readonly string[],
): Promise<{ file: string; origin: string; version?: string }> {
  const { createJiti } = await import('jiti');
  for (const folder of folders) {
    const found = createJiti(path.join(folder, 'limbeck.config.js')).esmResolve(name, { try: true });
    if (found === undefined) continue;
    const file = found.startsWith('file:') ? fileURLToPath(found) : found;
    if (isPath(name)) return { file, origin: file };
    const version = (await manifestOf(packageOf(name), folder))?.version;
    return { file, origin: name, version };
  }
  throw new LimbeckError(
    'PLUGIN_INVALID',
    `plugin '${name}' is not found from ${folders.join(' nor from ')}`,
    {
      hint: isPath(name)
        ? "paths under 'plugins' are relative to the configuration's folder"
        : `npm install ${packageOf(name)}, or write a path that starts with ./`,
      details: { plugin: name, folders },
    },
  );
}
