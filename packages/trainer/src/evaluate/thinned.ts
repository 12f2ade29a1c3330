import type { Split } from '@limbeck/core';
import { pickTargets } from '@limbeck/data';

/** So many samples of a split at even distances, in its order; the split itself where it has no more. */
export function thinned(split: Split, samples = split.length): Split {
  if (samples >= split.length) return split;
  const at = (index: number) => Math.floor((index * split.length) / samples);
  return {
    length: samples,
    targets: pickTargets(
      split,
      Array.from({ length: samples }, (_, i) => at(i)),
    ),
    read: (index, into, offset) => split.read(at(index), into, offset),
  };
}
