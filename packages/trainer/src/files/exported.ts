import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { ExportedFiles } from '@limbeck/core/backend';
import { partial, writeAtomically } from './atomic.js';
import { makeFolder } from './make-folder.js';
import { writing } from './write-failure.js';

/** Bytes of everything that is written. */
export const sizeOfExported = (files: ExportedFiles): number =>
  files instanceof Uint8Array
    ? files.byteLength
    : Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0);

/**
 * Writes what an exporter made: a file, or a folder, which takes the place of what was there once all of it is written.
 *
 * @throws LimbeckError WRITE_FAILED; PLUGIN_INVALID for a name that leaves the folder
 */
export function writeExported(target: string, files: ExportedFiles): void {
  if (files instanceof Uint8Array) {
    writeAtomically(target, files);
    return;
  }
  const temporary = `${target}${partial}`;
  writing(target, () => rmSync(temporary, { recursive: true, force: true }));
  try {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(temporary, name);
      if (!file.startsWith(`${temporary}${path.sep}`))
        throw new LimbeckError('PLUGIN_INVALID', `an exporter names the file '${name}', outside its folder`);
      makeFolder(path.dirname(file));
      writeAtomically(file, content);
    }
    writing(target, () => {
      rmSync(target, { recursive: true, force: true });
      renameSync(temporary, target);
    });
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}
