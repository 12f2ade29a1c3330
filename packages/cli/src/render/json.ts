import type { Output } from '../io.js';
import type { Renderer } from './renderer.js';

/** Every event as one line of JSON. */
export function jsonRenderer(stdout: Output): Renderer {
  const line = (value: unknown) => stdout.write(`${JSON.stringify(value)}\n`);
  return {
    event: line,
    note: (message) => line({ type: 'note', message }),
    close: () => undefined,
  };
}
