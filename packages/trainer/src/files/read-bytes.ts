import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isLimbeckError, LimbeckError } from '@limbeck/core';
import { readRegular } from './regular.js';

/**
 * Reads a file that a user names, whole.
 *
 * @param kind what messages call it: `weights file`
 * @param hint what to name where it can be none
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export function readBytes(file: string, kind: string, hint: string): Uint8Array {
  try {
    return readRegular(file);
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const details = { path: file };
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new LimbeckError('NOT_FOUND', `there is no ${kind} ${file}`, {
        hint: 'paths are relative to the configuration file, or to the folder the command runs in',
        details,
        cause,
      });
    }
    const what = code === 'EISDIR' ? 'it is a folder' : message;
    throw new LimbeckError('BAD_FILE', `cannot read ${file}: ${what}`, { hint, details, cause });
  }
}

/**
 * Reads files beside one, which that one names: shards of weights, data of a model. Links that lead out of the folder are
 * refused, since the file that names them may come from anywhere.
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export const besideOf =
  (file: string) =>
  (name: string): Uint8Array => {
    const folder = realpathSync(path.dirname(file));
    const wanted = path.join(folder, name);
    const real = path.relative(folder, existsSync(wanted) ? realpathSync(wanted) : wanted);
    if (!real.startsWith('..') && !path.isAbsolute(real)) {
      return readBytes(wanted, `file beside ${path.basename(file)},`, 'name a file');
    }
    throw new LimbeckError('BAD_FILE', `${file} refers to '${name}', which leads out of its folder`, {
      hint: 'copy the file itself into the folder',
      details: { path: file },
    });
  };
