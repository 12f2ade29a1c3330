import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pluginOf } from './plugin-of.js';
import { pluginReadme } from './readmes/plugin-readme.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (...parts: string[]) => readFileSync(path.join(root, ...parts), 'utf8');
const manifestOf = (folder: string) => JSON.parse(read(folder, 'package.json'));

const plugins = readdirSync(path.join(root, 'plugins')).map((name) => `plugins/${name}`);
const packages = readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}`);
const published = [...packages, ...plugins].filter((folder) => manifestOf(folder).private !== true);

it.each(plugins)('%s tells in its README what it contributes (npx vitest -u writes it)', async (folder) => {
  const { manifest, plugin, required } = await pluginOf(path.basename(folder));
  const current = existsSync(path.join(root, folder, 'README.md')) ? read(folder, 'README.md') : '';
  const text = await pluginReadme(manifest, plugin, required, current);
  await expect(text).toMatchFileSnapshot(path.join(root, folder, 'README.md'));
});

describe.each(published)('%s', (folder) => {
  it('brings licence, notice and a README with an example', () => {
    expect(read(folder, 'LICENSE')).toBe(read('LICENSE'));
    expect(read(folder, 'NOTICE')).toBe(read('NOTICE'));
    const readme = read(folder, 'README.md');
    expect(readme.split('\n')[0]).toBe(`# ${manifestOf(folder).name}`);
    expect(readme).toMatch(/```(ts|yaml|sh)\n/);
  });

  it('says how it is published', () => {
    const { files, publishConfig, license, engines, description, keywords } = manifestOf(folder);
    expect(files).toEqual(expect.arrayContaining(['dist', '!dist/.tsbuildinfo', 'NOTICE']));
    expect(publishConfig).toEqual({ access: 'public' });
    expect({ license, node: engines.node }).toEqual({ license: 'Apache-2.0', node: '>=20.19' });
    expect(description.length).toBeGreaterThan(10);
    expect(keywords).toContain('knowledge-distillation');
  });
});
