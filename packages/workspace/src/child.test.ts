import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inForeground, onceAPress, runChild, runQuietly } from './child.mjs';

const node = (code: string) => [process.execPath, '-e', code];
const cwd = process.cwd();
const childModule = JSON.stringify(new URL('./child.mjs', import.meta.url).href);

describe('runChild', () => {
  it.each([0, 7, 130])('keeps exit code %i', async (code) => {
    expect(await runChild(node(`process.exit(${code})`), { cwd })).toEqual({ code, signal: null });
  });

  it('keeps the signal that ended the program', async () => {
    const ending = await runChild(node('process.kill(process.pid, "SIGKILL")'), { cwd });
    expect(ending).toEqual({ code: null, signal: 'SIGKILL' });
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
      import { runChild } from ${childModule};
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
      endGroup(run.pid);
    }
  });

  it('ends the program when the shell that npm started is gone', async () => {
    const program =
      "process.on('SIGTERM', () => { console.log('told'); process.exit(); }); setInterval(() => {}, 1000); console.log('ready');";
    const parent = `
      import { runChild } from ${childModule};
      await runChild([process.execPath, '-e', ${JSON.stringify(program)}], { cwd: '.' });`;
    // The shell has a second command, so that it does not simply become the first.
    const shell = spawn('sh', ['-c', '"$0" --input-type=module -e "$1"; true', process.execPath, parent], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, npm_lifecycle_event: 'demo' },
    });
    try {
      const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('ready');
      shell.kill('SIGTERM');
      expect((await lines.next()).value).toBe('told');
      expect((await lines.next()).done).toBe(true);
    } finally {
      endGroup(shell.pid);
    }
  });
});

/** Whatever a failed test has left running. */
function endGroup(pid: number | undefined) {
  try {
    process.kill(-Number(pid), 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

describe('runQuietly', () => {
  it('hands back both streams', async () => {
    const { output, ...rest } = await runQuietly(
      node('console.log("out"); console.error("err"); process.exit(3)'),
      { cwd },
    );
    expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
    expect(rest).toEqual({ code: 3, signal: null, interrupted: false });
  });

  it('ends a program that takes its time when interrupted', async () => {
    const parent = `
      import { runQuietly } from ${childModule};
      const program = 'process.on("SIGINT", () => {}); setInterval(() => {}, 1000);';
      setTimeout(() => process.kill(process.pid, 'SIGINT'), 100);
      const { interrupted } = await runQuietly([process.execPath, '-e', program], { cwd: '.' });
      process.exitCode = interrupted ? 130 : 1;`;
    expect(await runChild([process.execPath, '--input-type=module', '-e', parent], { cwd })).toEqual({
      code: 130,
      signal: null,
    });
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
