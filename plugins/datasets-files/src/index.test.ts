import { readFile } from 'node:fs/promises';
import type { Dataset, PluginHost } from '@limbeck/core';
import { expect, test } from 'vitest';
import plugin from './index.js';

test('the plugin adds what package.json lists', async () => {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const added: string[] = [];
  const datasets = { add: (...contributions: Dataset[]) => added.push(...contributions.map(({ id }) => id)) };
  await plugin.setup({ datasets } as unknown as PluginHost, {});
  expect(manifest.limbeck.contributes).toEqual({ datasets: added });
  expect(plugin.name).toBe(manifest.name);
  expect(plugin.api).toBe(manifest.limbeck.api);
  expect(plugin.core).toBe(manifest.peerDependencies['@limbeck/core']);
});
