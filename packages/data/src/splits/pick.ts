import type { Split } from '@limbeck/core';
import { pickTargets } from '../targets.js';

/** Some samples of a split, in the order of their indices as given. */
export function pickSamples(split: Split, indices: Int32Array): Split {
  const at = (index: number) => indices[index]!;
  const places = new Map<number, number>();
  if (split.suspects !== undefined) {
    indices.forEach((sample, i) => {
      places.set(sample, i);
    });
  }
  const { open, read, nameOf, hashOf, suspects, readTogether } = split;
  return {
    length: indices.length,
    targets: pickTargets(split, indices),
    ...(open && { open: (index) => open.call(split, at(index)) }),
    ...(read && { read: (index, into, offset) => read.call(split, at(index), into, offset) }),
    nameOf: (index) => nameOf?.call(split, at(index)) ?? `sample ${at(index)}`,
    ...(hashOf && { hashOf: (index) => hashOf.call(split, at(index)) }),
    ...(readTogether && {
      readTogether: { ...readTogether, groups: indices.map((index) => readTogether.groups[index]!) },
    }),
    ...(suspects && { suspects: suspects.flatMap((sample) => places.get(sample) ?? []) }),
  };
}
