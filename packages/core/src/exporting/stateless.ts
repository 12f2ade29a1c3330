import type { Program } from '@limbeck/graph';
import { LimbeckError } from '../errors.js';

/**
 * For exporters: refuses a program with state, which no file keeps.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED
 */
export function requireStateless({ name, state }: Program): void {
  const [first] = state;
  if (first === undefined) return;
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `'${name}' cannot be exported: it has state, '${first.name}' first of ${state.length}`,
    { hint: 'bind the state to values (bindState)' },
  );
}
