import { readFileSync } from 'node:fs';
import { openWeights } from '@limbeck/formats';

/** Reads one file whole in a process of its own, and says how it went and how much memory that took at most. */
const [file = ''] = process.argv.slice(2);
let outcome = 'read';
try {
  for (const { data } of openWeights(readFileSync(file), { source: file }).tensors.values()) {
    if (data.length > 0 && data[data.length - 1] === undefined) throw new Error('a value is missing');
  }
} catch (error) {
  if (!(Symbol.for('limbeck.error') in (error as object))) throw error;
  outcome = `refused: ${(error as Error).message.slice(0, 200)}`;
}
// kilobytes
process.stdout.write(JSON.stringify({ outcome, peak: 1024 * process.resourceUsage().maxRSS }));
