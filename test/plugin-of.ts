import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from '@limbeck/core';

const plugins = fileURLToPath(new URL('../plugins', import.meta.url));

const load = async (folder: string): Promise<Plugin> =>
  (await import(pathToFileURL(path.join(plugins, folder, 'src/index.ts')).href)).default;

/** A plugin of the repository by the name of its folder: its manifest, its source, and the plugins that it requires. */
export async function pluginOf(folder: string) {
  const manifest = JSON.parse(readFileSync(path.join(plugins, folder, 'package.json'), 'utf8'));
  const plugin = await load(folder);
  const required = await Promise.all(
    (plugin.requires ?? []).map((name) => load(name.replace('@limbeck/', ''))),
  );
  return { manifest, plugin, required };
}
