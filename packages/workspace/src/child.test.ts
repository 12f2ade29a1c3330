import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inForeground, onceAPress, runChild } from './child.mjs';

const node = (code: string) => [process.execPath, '-e', code];
const cwd = process.cwd();

describe('runChild', () => {
  it.each([0, 7, 130])('keeps exit code %i', async (code) => {
    expect(await runChild(node(`process.exit(${code})`), { cwd, capture: true })).toEqual({
      code,
      signal: null,
      output: '',
    });
  });

  it('keeps the signal that ended the program', async () => {
    const ending = await runChild(node('process.kill(process.pid, "SIGKILL")'), { cwd, capture: true });
    expect(ending).toEqual({ code: null, signal: 'SIGKILL', output: '' });
  });

  it('captures both streams', async () => {
    const { output } = await runChild(node('console.log("out"); console.error("err")'), {
      cwd,
      capture: true,
    });
    expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('rejects when the program does not exist', async () => {
    await expect(runChild(['no-such-program'], { cwd })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('passes one signal on when there is no terminal to do so, however often it is delivered', async () => {
    const program = `
      let received = 0;
      process.on('SIGINT', () => { received += 1; setTimeout(() => process.exit(40 + received), 150); });
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const parent = `
      import { runChild } from ${JSON.stringify(new URL('./child.mjs', import.meta.url).href)};
      const { code } = await runChild([process.execPath, '-e', ${JSON.stringify(program)}], { cwd: '.' });
      process.exitCode = code;`;
    // A session of its own has no terminal.
    const run = spawn(process.execPath, ['--input-type=module', '-e', parent], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(run.stdout, 'data');
      run.kill('SIGINT');
      await sleep(20);
      run.kill('SIGINT');
      expect(await once(run, 'exit')).toEqual([41, null]);
    } finally {
      if (run.exitCode === null) process.kill(-Number(run.pid), 'SIGKILL');
    }
  });
});

describe('onceAPress', () => {
  it('takes deliveries of a signal close together for one', () => {
    const sent: [number, string][] = [];
    let time = 0;
    const press = onceAPress(
      (signal) => sent.push([time, signal]),
      () => time,
    );
    for (const [at, signal] of [
      [0, 'SIGINT'],
      [5, 'SIGINT'],
      [6, 'SIGTERM'],
      [1000, 'SIGINT'],
    ] as const) {
      time = at;
      press(signal);
    }
    expect(sent).toEqual([
      [0, 'SIGINT'],
      [6, 'SIGTERM'],
      [1000, 'SIGINT'],
    ]);
  });
});

describe('inForeground', () => {
  it.each([
    ['the foreground group of its terminal', '71 (node) S 70 71 60 34816 71 4194304 1', true],
    ['a background group', '71 (node) S 70 71 60 34816 60 4194304 1', false],
    ['no terminal', '71 (node) S 70 71 71 0 -1 4194304 1', false],
    ['a name with brackets', '71 (a) b (c) S 70 71 60 34816 71 4194304 1', true],
  ])('%s', (_, stat, expected) => {
    expect(inForeground(stat)).toBe(expected);
  });
});
