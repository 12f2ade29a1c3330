import { parentPort, workerData } from 'node:worker_threads';
import { fuzz } from './fuzz.js';
import { rounds } from './rounds.js';
import { subjects } from './subjects.js';

/** What a worker is to do: rounds of cases over parsers, those named. */
export interface Work {
  readonly seed: number;
  readonly cases: number;
  readonly names: readonly string[];
}

const { names, ...how } = workerData as Work;
const byName = new Map(subjects().map((subject) => [subject.name, subject]));
for (const { subject, cases, seed } of rounds(names, how)) {
  parentPort!.postMessage({ type: 'begin', subject, seed });
  parentPort!.postMessage({ type: 'tally', seed, ...fuzz(byName.get(subject)!, { cases, seed }) });
}
