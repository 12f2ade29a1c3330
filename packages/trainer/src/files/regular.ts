import { readFileSync, statSync } from 'node:fs';
import { LimbeckError } from '@limbeck/core';

/**
 * Refuses a pipe, a socket or a device where a file is expected, before it is opened: a pipe would keep its reader for ever, a device
 * feed it without end. What is not there is left to whoever opens it.
 *
 * @throws LimbeckError BAD_FILE
 */
export function refuseSpecial(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw new LimbeckError('BAD_FILE', `${path} is a pipe, a socket or a device, and not a file`, {
    hint: 'name a file, or remove what is there',
    details: { path },
  });
}

/** The bytes of a file; anything that is none is refused. */
export function readRegular(path: string): Buffer {
  refuseSpecial(path);
  return readFileSync(path);
}

/** The same as text. */
export const readRegularText = (path: string): string => readRegular(path).toString('utf8');
