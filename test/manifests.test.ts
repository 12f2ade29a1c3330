import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from '@limbeck/core';
import { createHost, kindNames } from '@limbeck/core/host';
import { describe, expect, test } from 'vitest';

const plugins = fileURLToPath(new URL('../plugins', import.meta.url));

const load = async (folder: string): Promise<Plugin> =>
  (await import(pathToFileURL(path.join(plugins, folder, 'src/index.ts')).href)).default;

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(path.join(plugins, folder, 'package.json'), 'utf8'));

/** `limbeck plugins list` and registries read manifests without running code, so they must tell the truth. */
describe.each(readdirSync(plugins))('%s', (folder) => {
  test('lists in package.json what it contributes', async () => {
    const manifest = manifestOf(folder);
    const plugin = await load(folder);
    expect(plugin.name).toBe(manifest.name);
    expect(plugin.api).toBe(manifest.limbeck.api);
    expect(plugin.core).toBe(manifest.peerDependencies['@limbeck/core']);
    expect(manifest.keywords).toContain('limbeck-plugin');
    // what it requires comes along, and is told apart by its name
    const required = await Promise.all(
      (plugin.requires ?? []).map((name) => load(name.replace('@limbeck/', ''))),
    );
    const host = await createHost({
      plugins: [...required, plugin].map((p) => ({ plugin: p, origin: p.name })),
    });
    const contributed = Object.fromEntries(
      kindNames.flatMap((kind) => {
        const ids = host.list(kind).flatMap((entry) => (entry.plugin.name === plugin.name ? [entry.id] : []));
        return ids.length === 0 ? [] : [[kind, ids.sort()]];
      }),
    );
    const listed = Object.entries(manifest.limbeck.contributes as Record<string, string[]>);
    // a star stands for more ids than a manifest should list
    const told = listed.map(([kind, ids]) => [kind, ids[0] === '*' ? contributed[kind] : [...ids].sort()]);
    expect(Object.fromEntries(told)).toEqual(contributed);
    await host.dispose();
  });
});
