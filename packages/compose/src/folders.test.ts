import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder } from './folders.js';
import { nextRunFolder } from './run-name.js';

const home = path.join(userInfo().homedir, '.cache', 'limbeck', 'data');

test.each<[Record<string, string>, string]>([
  [{ LIMBECK_DATA: 'data' }, '/project/data'],
  [{ XDG_CACHE_HOME: '/cache', HOME: '/home/me' }, '/cache/limbeck/data'],
  [{ XDG_CACHE_HOME: 'relative', HOME: '/home/me' }, '/home/me/.cache/limbeck/data'],
  [{ XDG_CACHE_HOME: '', HOME: '' }, home],
  [{ HOME: 'relative' }, home],
  [{}, home],
])('%j: data sets are kept in %s', (env, expected) => {
  expect(dataFolder(undefined, { cwd: '/project', env })).toBe(path.normalize(expected));
});

test('the number of a run is taken by making its folder', () => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'limbeck-runs-'));
  const taken = Array.from({ length: 4 }, () => nextRunFolder('speck', cwd));
  expect(taken).toEqual([1, 2, 3, 4].map((n) => path.join('runs', `speck-${n}`)));
  expect(readdirSync(path.join(cwd, 'runs'))).toHaveLength(4);
});
