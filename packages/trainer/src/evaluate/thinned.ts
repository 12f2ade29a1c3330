import type { Split } from '@limbeck/core';
import { pickSamples } from '@limbeck/data';

/** So many samples of a split at even distances, in its order; the split itself where it has no more. */
export function thinned(split: Split, samples = split.length): Split {
  if (samples >= split.length) return split;
  return pickSamples(
    split,
    Int32Array.from({ length: samples }, (_, i) => Math.floor((i * split.length) / samples)),
  );
}
