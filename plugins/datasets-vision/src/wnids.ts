import type { Targets } from '@limbeck/core';
import { badData } from './idx.js';

/** WordNet's ids of the classes, sorted: the order that published models have. */
export const sortedWnids = (wnids: Iterable<string>): string[] => [...new Set(wnids)].sort();

/**
 * Class indices of pictures by their ids.
 *
 * @param nameOf what messages call a picture
 * @throws LimbeckError BAD_DATA naming the first whose class no training picture has
 */
export function wnidTargets(
  wnids: readonly (string | undefined)[],
  classes: readonly string[],
  nameOf: (picture: number) => string,
): Targets {
  const labelOf = new Map(classes.map((wnid, label) => [wnid, label]));
  const values = Int32Array.from(wnids, (wnid, picture) => {
    const label = wnid === undefined ? undefined : labelOf.get(wnid);
    if (label !== undefined) return label;
    throw badData(
      nameOf(picture),
      wnid === undefined ? 'has no class' : `has the class ${wnid}, which no training picture has`,
    );
  });
  return { kind: 'index', values };
}
