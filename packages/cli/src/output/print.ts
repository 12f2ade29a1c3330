import type { Io } from '../io.js';

/** Writes lines to the standard output. */
export const print = ({ stdout }: Io, ...lines: readonly string[]): void => {
  for (const line of lines) stdout.write(line.endsWith('\n') ? line : `${line}\n`);
};

/** Writes one JSON document to the standard output. */
export const printJson = (io: Io, value: unknown): void => print(io, JSON.stringify(value, null, 2));
