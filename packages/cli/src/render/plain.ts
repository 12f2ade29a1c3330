import { terminalLines } from '@limbeck/trainer/events';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import type { Renderer } from './renderer.js';

/** A line an epoch, and one for whatever else is worth it. */
export function plainRenderer({ stdout, env }: Io): Renderer {
  const show = terminalLines(colorsFor(env, stdout));
  return {
    event(event) {
      for (const line of show(event)) stdout.write(`${line}\n`);
    },
    note: (text) => void stdout.write(`${text}\n`),
    close: () => undefined,
  };
}
