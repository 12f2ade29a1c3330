import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { type Elsewhere, writing } from './write-failure.js';

/**
 * Makes a folder and those above it that are missing. One at a time: Node's own recursion says ENOENT where the disk is
 * read-only.
 *
 * @param elsewhere what names another place, where it is not the folder of a run
 * @throws LimbeckError WRITE_FAILED
 */
export function makeFolder(path: string, elsewhere?: Elsewhere): void {
  if (isFolder(path)) return;
  const file = fileAmong(path);
  if (file !== undefined) {
    throw new LimbeckError('WRITE_FAILED', `cannot make the folder ${path}: ${file} is a file`, {
      hint: elsewhere ?? 'choose another folder with --out',
      details: { path, file },
    });
  }
  if (dirname(path) !== path) makeFolder(dirname(path), elsewhere);
  writing(path, () => mkdirSync(path, { recursive: false }), elsewhere);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The part of a path, itself included, that is there and no folder. */
export function fileAmong(path: string): string | undefined {
  let found: ReturnType<typeof statSync>;
  try {
    found = statSync(path, { throwIfNoEntry: false });
  } catch {
    found = undefined; // below a file
  }
  if (found !== undefined) return found.isDirectory() ? undefined : path;
  return dirname(path) === path ? undefined : fileAmong(dirname(path));
}
