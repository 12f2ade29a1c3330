import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cpuSeconds, hangs, lastChange } from './progress.js';

const begun = { mark: 'a', cpu: 1, time: 0 };

test('a process hangs when it runs in circles or sleeps, not when the machine is busy', () => {
  expect(hangs(begun, { mark: 'a', cpu: 100, time: 170 })).toBe(false);
  expect(hangs(begun, { mark: 'a', cpu: 100, time: 190 })).toBe(true);
  expect(hangs(begun, { mark: 'b', cpu: 100, time: 190 })).toBe(false);
  expect(hangs(begun, { mark: 'a', cpu: 1.5, time: 190 })).toBe(true);
  expect(hangs(begun, { mark: 'a', cpu: 6, time: 900 })).toBe(false);
  expect(hangs(begun, { mark: 'a', cpu: 6, time: 4000 })).toBe(true);
  expect(hangs({ ...begun, cpu: undefined }, { mark: 'a', cpu: undefined, time: 190 })).toBe(true);
});

test('what a process writes counts, in folders too, packages do not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'limbeck-progress-'));
  try {
    for (const [name, at] of [
      ['run', 10],
      ['node_modules', 30],
    ] as const) {
      const inner = join(folder, name);
      mkdirSync(inner);
      writeFileSync(join(inner, 'file'), name);
      utimesSync(join(inner, 'file'), at, at + 1);
      utimesSync(inner, at, at);
    }
    expect(lastChange(folder)).toBe(11_000);
    expect(lastChange(join(folder, 'none'))).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.runIf(process.platform === 'linux')('the processor time of a process is what Node says', () => {
  const { user, system } = process.cpuUsage();
  expect(Math.abs(cpuSeconds(process.pid)! - (user + system) / 1e6)).toBeLessThan(1);
  expect(cpuSeconds(2 ** 30)).toBeUndefined();
});
