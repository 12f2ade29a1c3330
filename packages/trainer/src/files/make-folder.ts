import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Elsewhere, writing } from './write-failure.js';

/**
 * Makes a folder and those above it that are missing. One at a time: Node's own recursion says ENOENT where the disk is
 * read-only.
 *
 * @param elsewhere what names another place, where it is not the folder of a run
 * @throws LimbeckError WRITE_FAILED
 */
export function makeFolder(path: string, elsewhere?: Elsewhere): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path), elsewhere);
  writing(path, () => mkdirSync(path, { recursive: false }), elsewhere);
}
