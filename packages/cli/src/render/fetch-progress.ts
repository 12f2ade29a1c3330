import type { FetchProgress } from '@limbeck/data';
import { createLogUpdate } from 'log-update';
import type { Io } from '../io.js';
import { bytes, percent } from '../output/numbers.js';

/** Milliseconds between two drawings. */
const interval = 100;

/** Shows how far a download has come: a live line on a terminal, a line a file elsewhere. */
export function fetchProgress({ stderr }: Io): { report(progress: FetchProgress): void; close(): void } {
  const started = new Set<string>();
  if (stderr.isTTY !== true) {
    return {
      report({ name, size }) {
        if (started.has(name)) return;
        started.add(name);
        stderr.write(`fetching ${name} (${bytes(size)})\n`);
      },
      close: () => undefined,
    };
  }
  const draw = createLogUpdate(stderr as NodeJS.WriteStream);
  let drawn = 0;
  return {
    report({ name, received, size }) {
      const now = performance.now();
      if (received < size && now - drawn < interval) return;
      drawn = now;
      draw(`${name}  ${percent(received / size, 0)}  ${bytes(received)} of ${bytes(size)}`);
    },
    close() {
      draw.clear();
      draw.done(); // shows the cursor again
    },
  };
}
