import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dotsFolder } from './testing/command-line.js';

/** The built command. `npm test` builds first. */
const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

function start(
  args: readonly string[],
  cwd: string,
  { stdio = 'ignore', env = {} }: { stdio?: StdioOptions; env?: Record<string, string> } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    stdio,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

const long = ['train', '--out', 'run', '--set', 'train.epochs=100000'];

/** Waits until the log of a run holds something. */
async function until(folder: string, text: string): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(path.join(folder, 'run', 'run.log'), 'utf8').includes(text)) return;
    } catch {
      // not begun
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const inRun = (folder: string) => readdirSync(path.join(folder, 'run'));

describe.runIf(process.platform === 'linux')('a run goes on', () => {
  it('when its log disk is full: every write fails, and only the output ends', async () => {
    const folder = dotsFolder();
    const full = () => openSync('/dev/full', 'w');
    const { ended } = start(['train', '--out', 'run'], folder, { stdio: ['ignore', full(), full()] });
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(inRun(folder)).toContain('student.safetensors');
    expect(inRun(folder)).not.toContain('run.lock');
    expect(readFileSync(path.join(folder, 'run', 'run.log'), 'utf8')).toContain('epoch 2');
  });

  it('when its terminal has gone', async () => {
    const folder = dotsFolder();
    const { child, ended } = start(['train', '--out', 'run'], folder, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout!.destroy();
    child.stderr!.destroy();
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(inRun(folder)).toContain('student.safetensors');
  });

  it('when SIGHUP comes under nohup', async () => {
    const folder = dotsFolder();
    const { child, ended } = start(long, folder, { env: { _: '/usr/bin/nohup' } });
    await until(folder, 'epoch 1');
    child.kill('SIGHUP');
    await until(folder, 'epoch 40');
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 130, signal: null });
  });
});

describe.runIf(process.platform !== 'win32')('a run that is told to stop', () => {
  it('saves at SIGHUP, and exits as it does at Ctrl-C', async () => {
    const folder = dotsFolder();
    const { child, ended } = start(long, folder);
    await until(folder, 'epoch 1');
    child.kill('SIGHUP');
    expect(await ended).toEqual({ code: 130, signal: null });
    expect(inRun(folder)).not.toContain('run.lock');
    expect(readdirSync(path.join(folder, 'run', 'checkpoints'))).not.toEqual([]);
  });

  it('several that start at once have a folder each', async () => {
    const folder = dotsFolder();
    const runs = Array.from({ length: 4 }, () => start(['train', '--set', 'train.epochs=1'], folder).ended);
    for (const run of await Promise.all(runs)) expect(run).toEqual({ code: 0, signal: null });
    const made = readdirSync(path.join(folder, 'runs')).filter((name) => name.startsWith('speck'));
    expect(made.sort()).toEqual([1, 2, 3, 4].map((n) => `speck-${n}`));
  });
});
