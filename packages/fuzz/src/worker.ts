import { parentPort, workerData } from 'node:worker_threads';
import { fuzz } from './fuzz.js';
import { subjects } from './subjects.js';

/** What a worker is to do: rounds of cases, each with a seed of its own, over all parsers. */
export interface Work {
  readonly seed: number;
  readonly cases: number;
  readonly only?: string | undefined;
}

/** Cases of one parser in a row. */
const round = 1000;

const { seed, cases, only } = workerData as Work;
const chosen = subjects().filter(({ name }) => only === undefined || name === only);
let left = cases;
for (let i = 0; left > 0; i++) {
  const subject = chosen[i % chosen.length]!;
  const count = Math.min(round, left);
  const roundSeed = (seed + Math.floor(i / chosen.length)) | 0;
  parentPort!.postMessage({ type: 'begin', subject: subject.name, seed: roundSeed });
  parentPort!.postMessage({
    type: 'tally',
    seed: roundSeed,
    ...fuzz(subject, { cases: count, seed: roundSeed }),
  });
  left -= count;
}
