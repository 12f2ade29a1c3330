import { readFileSync } from 'node:fs';
import { LimbeckError } from '@limbeck/core';

/**
 * Reads a file that a user names, whole.
 *
 * @param kind what messages call it: `weights file`
 * @param hint what to name where it can be none
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export function readBytes(path: string, kind: string, hint: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const details = { path };
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new LimbeckError('NOT_FOUND', `there is no ${kind} ${path}`, {
        hint: 'paths are relative to the configuration file, or to the folder the command runs in',
        details,
        cause,
      });
    }
    const what = code === 'EISDIR' ? 'it is a folder' : message;
    throw new LimbeckError('BAD_FILE', `cannot read ${path}: ${what}`, { hint, details, cause });
  }
}
