import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { isLimbeckError } from '@limbeck/core';
import { parseSet, resolveConfig } from '@limbeck/core/host';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../testing/command-line.js';
import { findConfig, loadConfig } from './load-config.js';

const minimal = { data: { use: 'dots' }, student: 'speck', train: { epochs: 1 } };

/** Reads a configuration whole, and says in how many milliseconds and with which refusal. */
async function read(name: string, content: string): Promise<{ took: number; refusal: string | undefined }> {
  const folder = folderWith({ [name]: content });
  const started = performance.now();
  const refusal = await loadConfig(name, folder)
    .then(({ layers }) => void resolveConfig(layers))
    .catch((error: unknown) => {
      if (!isLimbeckError(error)) throw error;
      expect(error.code).toBe('CONFIG_INVALID');
      return error.message;
    });
  return { took: performance.now() - started, refusal };
}

const nested = (levels: number, open: string, close: string) =>
  `${open.repeat(levels)}1${close.repeat(levels)}`;
const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: 1`).join('\n');

describe('a configuration out of all proportion is refused at once', () => {
  it.each<[string, string, string, string]>([
    ['ten thousand objects deep', 'a.json', nested(10_000, '{"a":', '}'), 'nested too deeply'],
    ['a million lists deep', 'a.json', nested(1_000_000, '[', ']'), 'nested too deeply'],
    ['as deep below a teacher', 'a.json', `{"teacher":${nested(10_000, '[', ']')}}`, 'nested too deeply'],
    ['as deep below plugins', 'a.json', `{"plugins":${nested(10_000, '[', ']')}}`, 'nested too deeply'],
    ['as deep with a fault', 'a.json', `{"a":${nested(10_000, '[', '')}`, 'nested too deeply'],
    ['YAML in brackets', 'a.yaml', `a: ${nested(100_000, '[', ']')}`, 'nested too deeply'],
    ['YAML in dashes', 'a.yaml', '- '.repeat(100_000), 'nested too deeply'],
    ['YAML in question marks', 'a.yaml', '? '.repeat(100_000), 'nested too deeply'],
    [
      'YAML by indentation',
      'a.yaml',
      Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
      'nested too deeply',
    ],
    ['a hundred thousand keys', 'a.yaml', keys(100_000), 'holds over 50000 values'],
    [
      'two hundred thousand aliases',
      'a.yaml',
      `a: &a 1\nb: [${'*a, '.repeat(200_000)}*a]`,
      'holds over 1000 aliases',
    ],
    ['a hundred thousand numbers', 'a.json', `{"a":[${'1,'.repeat(100_000)}1]}`, 'holds over 50000 values'],
    ['eleven megabytes', 'a.json', `{"a":"${'x'.repeat(11_000_000)}"}`, 'a configuration at most 10000000'],
  ])('%s', async (_, name, content, message) => {
    const { took, refusal } = await read(name, content);
    expect(refusal).toContain(message);
    expect(took).toBeLessThan(5000);
  });

  it('of code, too, and on the command line', async () => {
    const { refusal } = await read('a.mjs', 'const a = {}; a.a = a; export default a;');
    expect(refusal).toContain('nested too deeply');
    const set = parseSet(`${'a.'.repeat(5000)}b=1`);
    expect(() => resolveConfig([set])).toThrow('nested too deeply');
  });
});

it('many keys that are not known are told in part', async () => {
  const { took, refusal } = await read('a.yaml', keys(40_000));
  expect(refusal!.split('\n').length).toBeLessThan(200);
  expect(took).toBeLessThan(10_000);
});

it('a byte order mark is left out', async () => {
  const folder = folderWith({ 'limbeck.config.json': `\uFEFF${JSON.stringify(minimal)}` });
  expect((await loadConfig(undefined, folder)).layers.at(-1)!.value).toEqual(minimal);
  const manifest = folderWith({ 'package.json': `\uFEFF${JSON.stringify({ limbeck: minimal })}` });
  expect(await findConfig(manifest)).toBe(path.join(manifest, 'package.json'));
});

it('a file that several extend is read once, before the first of them', async () => {
  const files: Record<string, string> = {};
  for (let i = 0; i < 40; i++) {
    files[`a${i}.json`] = JSON.stringify({ extends: [`./a${i + 1}.json`, `./b${i + 1}.json`] });
    files[`b${i}.json`] = JSON.stringify({ extends: [`./a${i + 1}.json`, `./b${i + 1}.json`] });
  }
  files['a40.json'] = JSON.stringify(minimal);
  files['b40.json'] = JSON.stringify({ train: { epochs: 2 } });
  const { layers } = await loadConfig('a0.json', folderWith(files));
  expect(layers).toHaveLength(81);
  expect(layers.slice(0, 2).map(({ source }) => source)).toEqual(['a40.json', 'b40.json']);
});

it('a chain of files without an end is refused', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`${i}.json`, JSON.stringify({ extends: `./${i + 1}.json` })]),
  );
  await expect(loadConfig('0.json', folderWith(files))).rejects.toThrow('over 100 files');
});

it.runIf(process.platform !== 'win32')(
  'a pipe in place of a configuration is refused before it is opened',
  async () => {
    const folder = folderWith();
    execFileSync('mkfifo', [path.join(folder, 'limbeck.config.json')]);
    await expect(findConfig(folder)).rejects.toThrow('is a pipe, a socket or a device');
    await expect(loadConfig('limbeck.config.json', folder)).rejects.toThrow('is not a file');
    await expect(loadConfig('/dev/zero', folder)).rejects.toThrow('is not a file');
  },
);
