import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone when the test ends. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'limbeck-trainer-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const timing = new Set(['imagesPerSecond', 'seconds', 'secondsLeft']);

/** What must be the same however often a run is stopped: the student's bytes and the metrics without times. */
export function outcomeOf(folder: string): {
  student: string;
  metrics: unknown[];
  last: unknown;
  best: unknown;
} {
  const { last, best } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
  return {
    student: readFileSync(join(folder, 'student.safetensors')).toString('base64'),
    metrics: readLines(join(folder, 'metrics.jsonl')).map((line) =>
      Object.fromEntries(Object.entries(line as object).filter(([key]) => !timing.has(key))),
    ),
    last,
    best,
  };
}

/** A file of JSON lines. */
export function readLines(path: string): unknown[] {
  const text = readFileSync(path, 'utf8');
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
}
