import { existsSync } from 'node:fs';
import { LimbeckError } from '@limbeck/core';

/**
 * Keeps a command from writing over what is there.
 *
 * @throws LimbeckError ALREADY_EXISTS
 */
export function refuseExisting(path: string, hint: string): void {
  if (!existsSync(path)) return;
  throw new LimbeckError('ALREADY_EXISTS', `${path} is there already`, { hint, details: { path } });
}
