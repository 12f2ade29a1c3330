import { readFileSync } from 'node:fs';
import { LimbeckError } from '@limbeck/core';

/**
 * Reads a model file whole.
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export function readModelFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new LimbeckError(
      isMissing ? 'NOT_FOUND' : 'BAD_FILE',
      isMissing ? `there is no model file ${file}` : `cannot read ${file}: ${message}`,
      {
        hint: 'paths are relative to the configuration file, or to the folder the command runs in',
        details: { path: file },
        cause,
      },
    );
  }
}
