import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { LimbeckError } from '@limbeck/core';

/** Bytes that may still be written to the disk a folder lies on, or will lie on. */
export function freeBytes(folder: string): number {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/**
 * Refuses to begin what cannot end.
 *
 * @param bytes that are to be written
 * @throws LimbeckError WRITE_FAILED with both figures
 */
export function checkSpace(folder: string, bytes: number, free = freeBytes(folder)): void {
  if (bytes <= free) return;
  throw new LimbeckError(
    'WRITE_FAILED',
    `the teacher's cache in ${folder} needs ${gigabytes(bytes)} more, the disk has ${gigabytes(free)} left`,
    {
      hint: 'keep fewer draws, float16 or int8, or the top logits alone (teacher.cache), or name another folder (teacher.cache.dir)',
      details: { path: folder, bytes, free },
    },
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;
