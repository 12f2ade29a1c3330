import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Elsewhere, writing } from './write-failure.js';

/** Ends the name of a file that is not complete yet. What a killed process leaves behind ends so too. */
export const partial = '.partial';

export interface WriteOptions {
  /** Whether others may be writing it, too; the last one to end wins, and each file is whole. Default false. */
  readonly shared?: boolean;
  /** What names another place, where it is not the folder of a run. */
  readonly elsewhere?: Elsewhere;
}

/**
 * Writes a file so that it is there whole or not at all, whenever the process or the machine stops: the bytes go to a
 * temporary name, reach the disk, and only then take the file's name.
 *
 * @throws LimbeckError WRITE_FAILED; a file that was there stays as it was
 */
export function writeAtomically(
  path: string,
  content: Uint8Array | string,
  { shared = false, elsewhere }: WriteOptions = {},
): void {
  const temporary = `${path}${shared ? `.${randomUUID()}` : ''}${partial}`;
  const write = () => {
    try {
      writeDurably(temporary, typeof content === 'string' ? new TextEncoder().encode(content) : content);
      renameSync(temporary, path);
      syncFolder(dirname(path));
    } catch (error) {
      removeQuietly(temporary); // a full disk needs the space
      throw error;
    }
  };
  writing(path, write, elsewhere);
}

/** {@link writeAtomically} of a value as JSON text for people to read. */
export function writeJson(path: string, value: unknown, options?: WriteOptions): void {
  writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`, options);
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(file, bytes, written, bytes.length - written);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes names of files in a folder durable. Windows has no such thing and needs none. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Removes what may be left, where failing to do so must not hide an error on its way. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // the error that brought us here says more
  }
}
