import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHost, kindNames } from '@limbeck/core/host';
import { describe, expect, test } from 'vitest';
import { pluginOf } from './plugin-of.js';

const plugins = fileURLToPath(new URL('../plugins', import.meta.url));

/** `limbeck plugins list` and registries read manifests without running code, so they must tell the truth. */
describe.each(readdirSync(plugins))('%s', (folder) => {
  test('lists in package.json what it contributes', async () => {
    // what it requires comes along, and is told apart by its name
    const { manifest, plugin, required } = await pluginOf(folder);
    expect(plugin.name).toBe(manifest.name);
    expect(plugin.api).toBe(manifest.limbeck.api);
    expect(plugin.core).toBe(manifest.peerDependencies['@limbeck/core']);
    expect(manifest.keywords).toContain('limbeck-plugin');
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
