import type { EventEmitter } from 'node:events';
import { guardedOutput } from './guarded-output.js';
import { outlivesTerminal } from './outlives-terminal.js';

/** A stream that text goes to. */
export interface Output {
  write(text: string): unknown;
  /** True for a terminal. */
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
}

/** Everything a command touches of the process that runs it. Tests give their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** For questions; without a terminal none are asked. */
  readonly stdin: { readonly isTTY?: boolean };
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tells of `SIGINT`, `SIGTERM` and `SIGHUP`. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
  /** Whether the process shall go on when its terminal is closed, as under `nohup`: then `SIGHUP` means nothing. */
  readonly outlivesTerminal?: boolean | undefined;
  /** Ends the process at once, as the signal does by itself: no code runs any more, in any thread. */
  end(signal: NodeJS.Signals): void;
  /** Where work that blocks its thread runs. Default: a thread of its own. */
  readonly work?: 'thread' | 'here';
}

/** A live line hides it. */
const showCursor = '\u001b[?25h';

/** The running process. */
export function processIo(): Io {
  const stdout = guardedOutput(process.stdout);
  return {
    stdout,
    stderr: guardedOutput(process.stderr),
    stdin: process.stdin,
    cwd: process.cwd(),
    env: process.env,
    signals: process,
    outlivesTerminal: outlivesTerminal(process.env),
    end(signal) {
      if (stdout.isTTY) stdout.write(showCursor);
      // with nobody listening, the system does what it does by itself
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
      process.kill(process.pid, 'SIGKILL');
    },
  };
}
