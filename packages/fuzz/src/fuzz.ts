import { isLimbeckError } from '@limbeck/core';
import fc from 'fast-check';
import type { Case, Subject } from './subjects.js';

/** What values may take together: a multiple of the file, and a megabyte for what is packed. */
const mostFactor = 32;
const spare = (1 << 20) + (1 << 16);
/** A file of some kilobytes is read in far less, on a busy machine too. */
const mostMilliseconds = 10_000;

export interface Tally {
  readonly subject: string;
  readonly cases: number;
  /** Files that were read in spite of their damage. */
  readonly read: number;
  /** Where something went wrong: the error, how to get there again, and the smallest file that was found. */
  readonly failure?: string;
}

/**
 * Feeds a parser with so many files. Each must be read, its values not out of proportion to the file, or refused by an error
 * with a code that names the source; in either case soon.
 */
export function fuzz(subject: Subject, { cases, seed }: { cases: number; seed: number }): Tally {
  let read = 0;
  let ran = 0;
  const property = fc.property(subject.cases, (input) => {
    ran++;
    const start = performance.now();
    if (accepts(subject, input)) read++;
    const took = performance.now() - start;
    if (took > mostMilliseconds) throw new Error(`it took ${Math.round(took)} ms`);
  });
  const result = fc.check(property, { numRuns: cases, seed });
  const tally = { subject: subject.name, cases: ran, read };
  return result.failed ? { ...tally, failure: report(result) } : tally;
}

/** What went wrong, and the smallest file it goes wrong with. */
function report({ errorInstance, counterexample, seed, counterexamplePath }: fc.RunDetails<[Case]>): string {
  const what =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  const [input] = counterexample ?? [];
  const file = input === undefined ? 'none' : `${input.source}: ${toBase64(input.bytes)}`;
  return `${what}\nseed ${seed}, path ${counterexamplePath}\n${file}`;
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function accepts(subject: Subject, input: Case): boolean {
  let bytes: number;
  try {
    bytes = subject.read(input);
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    if (!error.message.includes(input.source)) throw new Error(`the source is not named: ${error.message}`);
    return false;
  }
  const most = mostFactor * input.bytes.length + spare;
  if (bytes > most) throw new Error(`${bytes} bytes were made of a file of ${input.bytes.length}`);
  return true;
}
