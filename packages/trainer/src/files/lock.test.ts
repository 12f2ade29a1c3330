import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/run-files.js';
import { lockFolder } from './lock.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'run.lock');
});
afterEach(() => folder.remove());

/** The number of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid;

it('holds a folder until it is given back', () => {
  const unlock = lockFolder(folder.path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  expect(() => lockFolder(folder.path)).toThrow(
    expect.objectContaining({
      code: 'PRECONDITION',
      message: `process ${process.pid} on ${hostname()} is working in ${folder.path}`,
    }),
  );
  unlock();
  expect(existsSync(path)).toBe(false);
  lockFolder(folder.path)();
});

it('takes over from a process that has ended', () => {
  writeFileSync(path, JSON.stringify({ pid: deadPid(), host: hostname() }));
  lockFolder(folder.path)();
  expect(existsSync(path)).toBe(false);
});

it.runIf(process.platform === 'linux')('takes over from an earlier process with the same number', () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), began: '1' }));
  lockFolder(folder.path)();
  expect(existsSync(path)).toBe(false);
});

it.each(['', '{"pid":', 'null', '{"pid":"x","host":"y"}', '{"pid":-1,"host":"y"}'])(
  'takes over a lock that was cut short: %j',
  (text) => {
    writeFileSync(path, text);
    lockFolder(folder.path)();
  },
);

it('leaves the lock of another machine alone, saying how to get past it', () => {
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  expect(() => lockFolder(folder.path)).toThrow(
    expect.objectContaining({
      code: 'PRECONDITION',
      message: `process 1 on elsewhere is working in ${folder.path}`,
      hint: expect.stringContaining(`delete ${path}`),
    }),
  );
  expect(existsSync(path)).toBe(true);
});

it('does not give back what another process has taken since', () => {
  const unlock = lockFolder(folder.path);
  writeFileSync(path, '{"pid":1,"host":"elsewhere"}');
  unlock();
  expect(existsSync(path)).toBe(true);
});
