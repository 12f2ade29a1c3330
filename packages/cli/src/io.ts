import type { EventEmitter } from 'node:events';

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
  /** Tells of `SIGINT` and `SIGTERM`. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Where work that blocks its thread runs. Default: a thread of its own. */
  readonly work?: 'thread' | 'here';
}

/** The running process. */
export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    cwd: process.cwd(),
    env: process.env,
    signals: process,
    exit: (code) => process.exit(code),
  };
}
