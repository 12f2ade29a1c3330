import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHost, placedUse, resolveConfig } from '@limbeck/core/host';
import datasetsFiles from '@limbeck/datasets-files';
import datasetsVision from '@limbeck/datasets-vision';
import { standardTraining } from '@limbeck/trainer';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const page = readFileSync(fileURLToPath(new URL('../docs/data.md', import.meta.url)), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block!);

test('every configuration on the page about data is valid, and all sources of ours are on it', async () => {
  const plugins = [datasetsFiles, datasetsVision, standardTraining];
  const host = await createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: plugin.name })) });
  for (const block of blocks) {
    expect(block.trim().split('\n').length).toBeLessThanOrEqual(6);
    const said = { ...parse(block), student: 'resnet8', train: { epochs: 1 } };
    const { config } = resolveConfig([{ source: 'docs/data.md', value: said }]);
    const { use, ...place } = placedUse('data', config.data);
    host.use('datasets', use, place);
    config.data.augment.forEach((change, i) => {
      const placed = placedUse('data.augment.*', change, i);
      host.use('augmentations', placed.use, placed);
    });
  }
  for (const { id } of host.list('augmentations')) expect(page).toContain(`\`${id}\``);
  for (const { id, plugin } of host.list('datasets')) {
    if (plugin.name === datasetsFiles.name) expect(page).toContain(id);
  }
  await host.dispose();
});
