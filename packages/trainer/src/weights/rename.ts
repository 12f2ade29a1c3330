import { LimbeckError } from '@limbeck/core';

/** Regular expressions with what takes the place of their first match (`$1` is a group), and flags where there are any. */
export type Rename = readonly (readonly [pattern: string, replacement: string, flags?: string | undefined])[];

/** A name after every rule, in order. */
export function renamer(rename: Rename): (name: string) => string {
  const rules = rename.map(
    ([pattern, replacement, flags]) => [new RegExp(pattern, flags), replacement] as const,
  );
  return (name) => rules.reduce((renamed, [pattern, by]) => renamed.replace(pattern, by), name);
}

/**
 * Entries under their new names, in the same order.
 *
 * @throws LimbeckError WEIGHTS_MISMATCH where two names become one
 */
export function renameAll<T>(
  entries: ReadonlyMap<string, T>,
  rename: Rename,
  source: string,
): Map<string, T> {
  const newName = renamer(rename);
  const origins = new Map<string, string>();
  const renamed = new Map<string, T>();
  for (const [name, value] of entries) {
    const to = newName(name);
    const other = origins.get(to);
    if (other !== undefined) {
      throw new LimbeckError(
        'WEIGHTS_MISMATCH',
        `${source}: rename makes '${to}' of '${other}' and of '${name}' too`,
        { hint: 'make a pattern narrower: ^ and $ stand for the beginning and the end of a name' },
      );
    }
    origins.set(to, name);
    renamed.set(to, value);
  }
  return renamed;
}
