import { type Labelled, type Targets, targetsOf } from '@limbeck/core';
import { allocateTargets } from '@limbeck/core/host';

/** Numbers that the targets of one sample of a split take. */
const widthOf = (targets: Targets, samples: number): number =>
  targets.kind === 'none' ? 0 : targets.values.length / samples;

/** Room for the targets of a batch of a split's samples. */
export function targetsLike(split: Labelled, batchSize: number): Targets {
  const targets = targetsOf(split);
  return allocateTargets(targets.kind, batchSize, widthOf(targets, split.length));
}

/** Copies the targets of a sample of a split to a place of a batch that {@link targetsLike} made for it. */
export type CopyTarget = (sample: number, into: Targets, slot: number) => void;

/** Prepares copying the targets of a split's samples into batches. */
export function targetCopier(split: Labelled): CopyTarget {
  const targets = targetsOf(split);
  const width = widthOf(targets, split.length);
  return (sample, into, slot) => {
    if (targets.kind === 'none' || into.kind === 'none') return;
    for (let i = 0; i < width; i++) into.values[slot * width + i] = targets.values[sample * width + i]!;
  };
}

/** The targets of some samples of a split, by their indices. */
export function pickTargets(split: Labelled, indices: ArrayLike<number>): Targets {
  const picked = targetsLike(split, indices.length);
  const copy = targetCopier(split);
  for (let slot = 0; slot < indices.length; slot++) copy(indices[slot]!, picked, slot);
  return picked;
}
