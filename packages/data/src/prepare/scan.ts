import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isLimbeckError, type LimbeckError, type Split } from '@limbeck/core';
import { openSample } from '../decode/open-sample.js';
import { pickSamples } from '../splits/pick.js';

/** A sample that cannot be loaded. */
export interface BadSample {
  readonly index: number;
  readonly name: string;
  readonly reason: string;
}

export interface ScanOptions {
  readonly fingerprint: string;
  readonly cacheDir: string | undefined;
  readonly report: (line: string) => void;
}

/** Samples decoded at a time. */
const atOnce = 8;
/** Samples between two reports. */
const told = 5000;

/**
 * Decodes the samples of a split that look damaged.
 *
 * @throws LimbeckError BAD_DATA, BAD_FILE naming the first that cannot be loaded
 */
export async function refuseDamaged(split: Split): Promise<void> {
  await decodeAll(split, split.suspects ?? [], (_, error) => {
    throw error;
  });
}

/**
 * Decodes every sample of a split, once for a fingerprint, and leaves out what cannot be loaded.
 *
 * @returns the split without those, and what was left out
 */
export async function leaveOutDamaged(
  split: Split,
  { fingerprint, cacheDir, report }: ScanOptions,
): Promise<{ split: Split; bad: readonly BadSample[] }> {
  if (split.open === undefined) return { split, bad: [] };
  const key = createHash('sha256')
    .update(JSON.stringify([fingerprint, split.length]))
    .digest('hex')
    .slice(0, 32);
  const file = cacheDir === undefined ? undefined : path.join(cacheDir, 'damaged', `${key}.json`);
  const bad = read(file) ?? (await find(split, report));
  write(file, bad);
  if (bad.length === 0) return { split, bad };
  const left = new Set(bad.map(({ index }) => index));
  const kept = Int32Array.from({ length: split.length }, (_, i) => i).filter((i) => !left.has(i));
  return { split: pickSamples(split, kept), bad };
}

async function find(split: Split, report: (line: string) => void): Promise<BadSample[]> {
  const bad: BadSample[] = [];
  report(`looking through ${split.length} images`);
  const all = Array.from({ length: split.length }, (_, i) => i);
  await decodeAll(
    split,
    all,
    (index, error) => {
      bad.push({ index, name: split.nameOf?.(index) ?? `sample ${index}`, reason: error.message });
    },
    (done) => {
      if (done % told === 0) report(`looked through ${done} of ${split.length} images`);
    },
  );
  return bad.sort((a, b) => a.index - b.index);
}

async function decodeAll(
  split: Split,
  samples: readonly number[],
  onBad: (index: number, error: LimbeckError) => void,
  onDone: (done: number) => void = () => undefined,
): Promise<void> {
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < samples.length) {
      const index = samples[next++]!;
      try {
        await openSample(await split.open!(index), split.nameOf?.(index) ?? '');
      } catch (error) {
        if (!isLimbeckError(error)) throw error;
        onBad(index, error);
      }
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, samples.length) }, lane));
}

function read(file: string | undefined): readonly BadSample[] | undefined {
  if (file === undefined) return undefined;
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as readonly BadSample[];
    return Array.isArray(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

function write(file: string | undefined, bad: readonly BadSample[]): void {
  if (file === undefined) return;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}.part`, JSON.stringify(bad));
    renameSync(`${file}.${process.pid}.part`, file);
  } catch {
    // it is looked through again
  }
}
