import { isLimbeckError, LimbeckError } from '@limbeck/core';
import { readRegular } from './regular.js';

/**
 * Reads a file that a user names, whole.
 *
 * @param kind what messages call it: `weights file`
 * @param hint what to name where it can be none
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export function readBytes(path: string, kind: string, hint: string): Uint8Array {
  try {
    return readRegular(path);
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
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
