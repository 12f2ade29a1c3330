import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../packages/cli/dist/bin.js', import.meta.url));

/** What a command left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command in a process of its own, as a user starts it; ended after a minute at the latest. */
export function start(args: readonly string[], cwd: string): { child: ChildProcess; ended: Promise<Ended> } {
  return startScript(bin, args, cwd);
}

function startScript(script: string, args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    texts.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    texts.stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...texts }));
  });
  return { child, ended };
}

export function limbeck(args: readonly string[], cwd: string): Promise<Ended> {
  return start(args, cwd).ended;
}

const each = fileURLToPath(new URL('./limbeck-each.mjs', import.meta.url));

/** Several commands one after another, in one process of their own: most of what a short one takes is the start. */
export async function limbeckEach(
  commands: readonly (readonly string[])[],
  cwd: string,
): Promise<Pick<Ended, 'code' | 'stdout' | 'stderr'>[]> {
  const { stdout, stderr } = await startScript(each, [JSON.stringify(commands)], cwd).ended;
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length !== commands.length) throw new Error(`the commands did not end: ${stderr}`);
  return lines.map((line) => JSON.parse(line));
}

/** Steps at which a run has a whole checkpoint, one with its manifest; the newest last. */
export function checkpointSteps(run: string): number[] {
  const folder = path.join(run, 'checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^step-(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Waits until a run has a checkpoint of this step or a later one, or its process has ended. */
export async function untilCheckpoint(run: string, step: number, child: ChildProcess): Promise<void> {
  while ((checkpointSteps(run).at(-1) ?? 0) < step && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
