import type { OpenDataset, Split } from '@limbeck/core';
import { examineSplit, type SplitFacts, splitsOf } from '@limbeck/data';
import { createLogUpdate } from 'log-update';
import type { Io } from '../io.js';
import { count, percent } from '../output/numbers.js';

/** Milliseconds between two drawings, and between two lines where there is no terminal. */
const interval = { terminal: 100, other: 10_000 };

/** What a command found in a data set. */
export interface LookedThrough {
  readonly splits: Readonly<Record<string, Split>>;
  readonly facts: Readonly<Record<string, SplitFacts>>;
}

/** Shows how far something that takes long has come: a live line on a terminal, a line now and then elsewhere. */
export function progressLine({ stderr }: Io): { show(text: string): void; close(): void } {
  const isTerminal = stderr.isTTY === true;
  const draw = isTerminal ? createLogUpdate(stderr as NodeJS.WriteStream) : undefined;
  let drawn = performance.now();
  return {
    show(text) {
      const now = performance.now();
      if (now - drawn < (isTerminal ? interval.terminal : interval.other)) return;
      drawn = now;
      if (draw === undefined) stderr.write(`${text}\n`);
      else draw(text);
    },
    close() {
      draw?.clear();
      draw?.done();
    },
  };
}

/** Loads the samples of every split. */
export async function lookThrough(
  io: Io,
  opened: OpenDataset,
  { limit, show }: { readonly limit?: number | undefined; readonly show: (text: string) => void },
): Promise<LookedThrough> {
  const splits = splitsOf(opened);
  const facts: Record<string, SplitFacts> = {};
  const interruption = new AbortController();
  const stop = () => interruption.abort();
  io.signals.on('SIGINT', stop);
  try {
    for (const [name, split] of Object.entries(splits)) {
      facts[name] = await examineSplit(split, {
        imageShape: opened.imageShape,
        classes: opened.classes,
        limit,
        signal: interruption.signal,
        onProgress: (done, all) =>
          show(`${name}: ${count(done)} of ${count(all)}, ${percent(done / all, 0)}`),
      });
    }
  } finally {
    io.signals.off('SIGINT', stop);
  }
  return { splits, facts };
}
