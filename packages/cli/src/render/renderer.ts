import type { RunEvent } from '@limbeck/trainer';
import type { Io } from '../io.js';
import { jsonRenderer } from './json.js';
import { plainRenderer } from './plain.js';
import { terminalRenderer } from './terminal.js';

/** Shows what a run says. */
export interface Renderer {
  event(event: RunEvent): void;
  /** A line about the command itself: the configuration it read, what a Ctrl-C does. */
  note(text: string): void;
  /** Leaves the terminal as it should be; afterwards nothing more is shown. */
  close(): void;
}

/** Lines of JSON where asked for, a live line on a terminal, plain lines elsewhere. */
export function rendererFor(io: Io, { json }: { readonly json?: boolean }): Renderer {
  if (json) return jsonRenderer(io.stdout);
  const live = io.stdout.isTTY === true && io.env.TERM !== 'dumb' && !io.env.CI;
  return live ? terminalRenderer(io) : plainRenderer(io);
}
