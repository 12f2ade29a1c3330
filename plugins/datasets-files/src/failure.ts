import { LimbeckError } from '@limbeck/core';

/** What is wrong with a file or folder of a data set. */
export function badData(path: string, fault: string, hint: string, cause?: unknown): LimbeckError {
  return new LimbeckError('BAD_DATA', `${path} ${fault}`, { hint, details: { path }, cause });
}
