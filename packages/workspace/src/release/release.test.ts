import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incompletePackages, publishedPackages } from './packages.mjs';
import { stamped } from './versions.mjs';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

describe('a new version', () => {
  it.each([...stamped])('is written into %s', (file, change) => {
    const before = readFileSync(path.join(root, file), 'utf8');
    const after = change(before, '7.8.9', '2030-01-02');
    expect(after).toContain('7.8.9');
    expect(before).not.toContain('7.8.9');
    expect(after.split('\n').length - before.split('\n').length).toBe(file === 'CHANGELOG.md' ? 2 : 0);
  });

  it('heads what the changelog says of it, below a new heading for what comes', () => {
    const after = stamped.get('CHANGELOG.md')!(
      '# Changelog\n\n## Unreleased\n\n* A.\n',
      '7.8.9',
      '2030-01-02',
    );
    expect(after).toBe('# Changelog\n\n## Unreleased\n\n## 7.8.9 - 2030-01-02\n\n* A.\n');
  });

  it('is refused where there is no place for it', () => {
    expect(() => stamped.get('CITATION.cff')!('title: x', '7.8.9', '2030-01-02')).toThrow('is not found');
  });
});

describe('packages to publish', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'limbeck-release-'));
    for (const group of ['packages/whole/dist', 'packages/private', 'plugins'])
      mkdirSync(path.join(folder, group), { recursive: true });
    const door = {
      '@limbeck/source': './src/index.ts',
      types: './dist/index.d.ts',
      default: './dist/index.js',
    };
    const whole = {
      name: 'whole',
      version: '1.0.0',
      exports: { '.': door },
      bin: { whole: './dist/bin.js' },
    };
    writeFileSync(path.join(folder, 'packages/whole/package.json'), JSON.stringify(whole));
    writeFileSync(path.join(folder, 'packages/private/package.json'), '{ "name": "p", "private": true }');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('must hold what their manifests name', () => {
    expect(incompletePackages(folder)).toEqual([
      'whole: ./dist/index.d.ts, ./dist/index.js, ./dist/bin.js, LICENSE, NOTICE, README.md are missing',
    ]);
    const files = ['dist/index.d.ts', 'dist/index.js', 'dist/bin.js', 'LICENSE', 'NOTICE'];
    for (const file of files) writeFileSync(path.join(folder, 'packages/whole', file), '');
    expect(incompletePackages(folder)).toEqual(['whole: README.md is missing']);
    cpSync(path.join(root, 'README.md'), path.join(folder, 'packages/whole/README.md'));
    expect(incompletePackages(folder)).toEqual([]);
  });

  it('are all that are not private', () => {
    expect([...publishedPackages(folder).keys()]).toEqual([path.join('packages', 'whole')]);
    expect([...publishedPackages(root).values()].map(({ name }) => name)).toContain('limbeck');
  });
});
