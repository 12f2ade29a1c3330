import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, hangs, lastChange, type Progress } from '../progress.js';

/** The built command. */
const bin = fileURLToPath(new URL('../../../cli/dist/bin.js', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it said. */
  readonly said: string;
}

/** How often a process is looked at, in milliseconds. */
const looking = 5000;
const kept = 2000;

/** Starts the command; one that hangs is killed. */
export function start(
  args: readonly string[],
  cwd: string,
  stdio: StdioOptions = ['ignore', 'pipe', 'pipe'],
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    stdio,
    env: { PATH: process.env.PATH, HOME: cwd },
  });
  let said = '';
  let length = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-kept);
      length += text.length;
    });
  }
  const progress = (): Progress => ({
    mark: `${length} ${lastChange(cwd)}`,
    cpu: child.pid === undefined ? undefined : cpuSeconds(child.pid),
    time: performance.now() / 1000,
  });
  let last = progress();
  const timer = setInterval(() => {
    const now = progress();
    if (hangs(last, now)) child.kill('SIGKILL');
    if (now.mark !== last.mark) last = now;
  }, looking);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      resolve({ code, signal, said });
    });
  });
  return { child, ended };
}

/** Lets a run be gone on with until it has finished. */
export async function finish(folder: string, cwd: string): Promise<Ended> {
  const args = existsSync(join(cwd, folder, 'config.json')) ? ['--resume', folder] : ['--out', folder];
  return start(['train', ...args], cwd).ended;
}

export const hasFinished = (folder: string): boolean => existsSync(join(folder, 'result.json'));

/** What a run came to: the SHA-256 of its student. */
export function outcome(folder: string): string {
  const file = join(folder, 'student.safetensors');
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'no student';
}

export const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
