import pc from 'picocolors';
import type { Io, Output } from '../io.js';

/** True where a stream takes colours: a terminal, unless `NO_COLOR` says otherwise. */
export function takesColor(env: Io['env'], stream: Output): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Functions that colour text for a stream, or leave it as it is. */
export type Colors = ReturnType<typeof pc.createColors>;

export const colorsFor = (env: Io['env'], stream: Output): Colors => pc.createColors(takesColor(env, stream));
