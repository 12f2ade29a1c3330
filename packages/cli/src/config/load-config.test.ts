import path from 'node:path';
import { isLimbeckError, type LimbeckError } from '@limbeck/core';
import { resolveConfig, teachersOf } from '@limbeck/core/host';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../testing/command-line.js';
import { findConfig, loadConfig } from './load-config.js';
import { searchPlaces } from './loaders.js';

const minimal = { data: { use: 'dots' }, student: 'speck', train: { epochs: 1 } };
const text = JSON.stringify(minimal);

const written = async (folder: string, given?: string): Promise<unknown> =>
  (await loadConfig(given, folder)).layers.at(-1)!.value;

async function failure(promise: Promise<unknown>): Promise<LimbeckError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isLimbeckError(error)) throw new Error(`expected a LimbeckError, got ${String(error)}`);
  return error;
}

describe('a configuration is found', () => {
  const contents: Record<string, string> = {
    '.ts': `import { defineConfig, type RunConfig } from 'limbeck';\nconst config: RunConfig = ${text};\nexport default defineConfig(config);`,
    '.mts': `export default ${text} as object;`,
    '.js': `export default ${text};`,
    '.mjs': `export default ${text};`,
    '': 'data: { use: dots }\nstudent: speck\ntrain: { epochs: 1 }',
  };

  it.each(searchPlaces.filter((name) => name !== 'package.json'))('as %s', async (name) => {
    const folder = folderWith({ [name]: contents[path.extname(name)] ?? text });
    expect(await findConfig(folder)).toBe(path.join(folder, name));
    expect(await written(folder)).toEqual(minimal);
  });

  it('in package.json', async () => {
    const folder = folderWith({ 'package.json': JSON.stringify({ name: 'x', limbeck: minimal }) });
    expect(await written(folder)).toEqual(minimal);
  });

  it('in a folder above, up to the one of the project', async () => {
    const folder = folderWith({ 'limbeck.config.json': text, 'deep/down/note.txt': '' });
    expect(await findConfig(path.join(folder, 'deep', 'down'))).toBe(
      path.join(folder, 'limbeck.config.json'),
    );
    const project = folderWith({ 'limbeck.config.json': text, 'inner/package.json': '{}' });
    expect(await failure(findConfig(path.join(project, 'inner')))).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      exitCode: 2,
    });
  });

  it('with every door of this copy of Limbeck', async () => {
    const imports = [
      "import { definePlugin } from '@limbeck/core';",
      "import { retain } from '@limbeck/core/backend';",
      "import { isPlugin } from '@limbeck/core/host';",
      "const seen = [isPlugin(definePlugin({ name: 'mine', api: 1, setup() {} })), typeof retain];",
    ];
    const folder = folderWith({ 'limbeck.config.ts': `${imports.join('\n')}\nexport default { seen };` });
    expect(await written(folder)).toEqual({ seen: [true, 'function'] });
  });

  it('without being run', async () => {
    const folder = folderWith({ 'limbeck.config.js': "throw new Error('run');" });
    expect(await findConfig(folder)).toBe(path.join(folder, 'limbeck.config.js'));
  });
});

describe('a configuration that cannot be used', () => {
  it('is missing', async () => {
    expect(await failure(loadConfig('no.yaml', folderWith()))).toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    expect(await failure(loadConfig(undefined, folderWith()))).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      hint: expect.stringContaining('limbeck init'),
    });
  });

  it('is a folder', async () => {
    const folder = folderWith({ 'sub/x': '' });
    expect((await failure(loadConfig('sub', folder))).message).toBe('the configuration sub is not a file');
  });

  it('is empty', async () => {
    const folder = folderWith({ 'limbeck.config.yaml': '' });
    expect(await failure(loadConfig(undefined, folder))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('is empty'),
    });
  });

  it('is YAML with a fault, told by line and column', async () => {
    const folder = folderWith({ 'limbeck.config.yaml': 'data:\n  use: dots\n use: again\n' });
    const error = await failure(loadConfig(undefined, folder));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(/limbeck\.config\.yaml:3:1: /);
  });

  it('is YAML that multiplies itself', async () => {
    const lines = Array.from(
      { length: 9 },
      (_, i) => `a${i}: &a${i} [${Array(9).fill(i === 0 ? '1' : `*a${i - 1}`)}]`,
    );
    const folder = folderWith({ 'limbeck.config.yaml': lines.join('\n') });
    expect(await failure(loadConfig(undefined, folder))).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is JSON with a fault', async () => {
    const folder = folderWith({ 'limbeck.config.json': '{\n\t"data": 1,\n\t"student": "a"\n' });
    expect((await failure(loadConfig(undefined, folder))).message).toMatch(/limbeck\.config\.json:4:\d+: /);
    const other = folderWith({ 'limbeck.config.json': '{ data: 1 }' });
    expect((await failure(loadConfig(undefined, other))).message).toMatch(/limbeck\.config\.json: .*JSON/);
  });

  it.each(['.ts', '.mjs'])('throws as %s', async (extension) => {
    const folder = folderWith({ [`limbeck.config${extension}`]: "throw new Error('no GPU on Mondays');" });
    const error = await failure(loadConfig(undefined, folder));
    expect(error).toMatchObject({ code: 'CONFIG_THREW', exitCode: 2 });
    expect(error.message).toBe(`${path.join(folder, `limbeck.config${extension}`)} threw: no GPU on Mondays`);
  });

  it('has a fault in its code', async () => {
    const folder = folderWith({ 'limbeck.config.ts': 'export default {' });
    const error = await failure(loadConfig(undefined, folder));
    expect(error).toMatchObject({ code: 'CONFIG_THREW' });
    expect(error.message).not.toContain('\n');
  });

  it.each([
    ['limbeck.config.yaml', '$import: other.yaml'],
    ['limbeck.config.mjs', "export default { $import: './other.js' };"],
    ['package.json', '{ "limbeck": { "$import": "./other.json" } }'],
  ])('has $import in %s', async (name, content) => {
    expect(await failure(loadConfig(undefined, folderWith({ [name]: content })))).toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('extends'),
    });
  });

  it('is of an unknown kind', async () => {
    const error = await failure(loadConfig('run.toml', folderWith({ 'run.toml': 'x = 1' })));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('.yaml') });
  });
});

describe('extends', () => {
  it('puts the files and packages it names below, first to last', async () => {
    const folder = folderWith({
      'limbeck.config.yaml': 'extends: [./base/one.yaml, preset-two/small.json]\ntrain: { epochs: 3 }',
      'base/one.yaml':
        'extends: ./zero.json\ntrain: { epochs: 1, seed: 5 }\nteacher: { use: speck, weights: t.safetensors }',
      'base/zero.json': JSON.stringify({ ...minimal, train: { epochs: 9, seed: 4 } }),
      'node_modules/preset-two/package.json': '{ "name": "preset-two" }',
      'node_modules/preset-two/small.json': '{ "data": { "batchSize": 8 } }',
    });
    const { layers, folders } = await loadConfig(undefined, folder);
    expect(layers.map(({ source }) => source)).toEqual([
      'base/zero.json',
      'base/one.yaml',
      'node_modules/preset-two/small.json',
      'limbeck.config.yaml',
    ]);
    expect(folders).toEqual([
      folder,
      path.join(folder, 'node_modules', 'preset-two'),
      path.join(folder, 'base'),
    ]);
    const { config, provenance } = resolveConfig(layers);
    expect(config.train).toMatchObject({ epochs: 3, seed: 5 });
    expect(config.data.batchSize).toBe(8);
    expect(provenance.get('train.seed')).toBe('base/one.yaml');
    // a path is meant from the file it is written in
    expect(teachersOf(config)[0]!.weights?.file).toBe(path.join(folder, 'base', 't.safetensors'));
  });

  it('in a circle is refused', async () => {
    const folder = folderWith({ 'a.yaml': 'extends: ./b.yaml', 'b.yaml': 'extends: ./a.yaml' });
    expect((await failure(loadConfig('a.yaml', folder))).message).toContain('a.yaml -> b.yaml -> a.yaml');
  });

  it('of what is not there says who wants it', async () => {
    const folder = folderWith({ 'a.yaml': 'extends: ./gone.yaml', 'b.yaml': 'extends: not-installed/x' });
    expect((await failure(loadConfig('a.yaml', folder))).message).toContain(
      `extended by ${path.join(folder, 'a.yaml')}`,
    );
    expect(await failure(loadConfig('b.yaml', folder))).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      hint: expect.stringContaining('npm install not-installed'),
    });
  });
});
