import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended. */
export interface CommandResult {
  /** Exit status; undefined where the program could not be started or was ended by a signal. */
  readonly status?: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without a shell; never rejects. */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<CommandResult>;

export const runCommand: RunCommand = (command, args, { cwd, env } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => resolve({ stdout, stderr: stderr + error.message }));
    child.on('close', (code) => resolve({ status: code ?? undefined, stdout, stderr }));
  });

/** The end of what a program said, where it says what went wrong. */
export const lastLines = ({ stdout, stderr }: CommandResult, count = 8): string =>
  `${stdout}\n${stderr}`.trim().split('\n').slice(-count).join('\n');

/** How to start npm: the one that runs us, where one does. */
export function npmCommand(env: NodeJS.ProcessEnv = process.env): readonly [string, ...string[]] {
  const running = env.npm_execpath;
  return running !== undefined && /npm-cli\.[cm]?js$/.test(running) ? [process.execPath, running] : ['npm'];
}

/** The compiler driver that comes with npm, for node-pre-gyp, which else guesses where npm is. */
export function nodeGyp(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const [, npm] = npmCommand(env);
  if (npm === undefined) return undefined;
  try {
    return createRequire(npm).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return undefined;
  }
}

/** The Node installation that holds `include/node`. */
export const nodeFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.npm_config_nodedir ?? path.resolve(process.execPath, '../..');
