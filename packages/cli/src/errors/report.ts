import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { visible } from '../output/visible.js';
import { plainError } from './plain-error.js';

/** How errors are shown. */
export interface ReportOptions {
  /** With stacks. */
  readonly debug: boolean;
  /** As one line of JSON on the standard output. */
  readonly json: boolean;
}

/** A message may quote a file that is not trusted; its lines are its own. */
const shown = (text: string): string => text.split('\n').map(visible).join('\n');

/** Prints what was thrown and returns the exit status. */
export function reportError(thrown: unknown, io: Io, { debug, json }: ReportOptions): number {
  const error = plainError(thrown);
  if (json) {
    const { stack, ...facts } = error;
    io.stdout.write(`${JSON.stringify({ type: 'error', error: debug ? { ...facts, stack } : facts })}\n`);
    return error.exitCode;
  }
  const { red, bold, cyan, dim } = colorsFor(io.env, io.stderr);
  const lines = [`${red(bold(`error[${error.code}]:`))} ${shown(error.message)}`];
  if (error.hint !== undefined) lines.push(`${cyan('hint:')} ${shown(error.hint)}`);
  if (debug && error.stack !== undefined) lines.push(dim(error.stack));
  io.stderr.write(`${lines.join('\n')}\n`);
  return error.exitCode;
}
