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
process.stdout.write(JSON.stringify({ outcome, peak: 1024 * peakKilobytes() }));

/** Linux hands a process the peak of the one that started it, unless the peak is that of its own address space. */
function peakKilobytes(): number {
  try {
    const own = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (own !== undefined) return Number(own);
  } catch {
    // another system
  }
  return process.resourceUsage().maxRSS;
}
