import { type Split, targetsOf } from '@limbeck/core';
import type { SplitFacts } from './examine-split.js';

/** Samples with the same content. */
export interface Duplicates {
  /** Samples of a split that an earlier one of the same split is the same as. */
  readonly within: Readonly<Record<string, number>>;
  /** Samples of other splits that are training samples as well. */
  readonly trained: Readonly<Record<string, number>>;
  /** Groups of training samples with the same content and different labels. */
  readonly contradictions: number;
  /** Some groups, by the names of their samples. */
  readonly examples: readonly (readonly string[])[];
}

const shown = 10;

/** Finds samples with the same content among those that were looked at. */
export function findDuplicates(
  splits: Readonly<Record<string, Split>>,
  facts: Readonly<Record<string, SplitFacts>>,
): Duplicates {
  const within: Record<string, number> = {};
  const trained: Record<string, number> = {};
  const groups = new Map<string, { split: string; index: number }[]>();
  for (const [split, { hashes }] of Object.entries(facts)) {
    const seen = new Set<string>();
    const training = split === 'train' ? undefined : new Set(facts.train?.hashes);
    within[split] = 0;
    if (training !== undefined) trained[split] = 0;
    hashes.forEach((hash, index) => {
      if (hash === undefined) return;
      if (seen.has(hash)) within[split]!++;
      seen.add(hash);
      if (training?.has(hash)) trained[split]!++;
      const group = groups.get(hash);
      if (group === undefined) groups.set(hash, [{ split, index }]);
      else group.push({ split, index });
    });
  }
  const same = [...groups.values()].filter(({ length }) => length > 1);
  const nameOf = ({ split, index }: { split: string; index: number }) =>
    splits[split]!.nameOf?.(index) ?? `${split} ${index}`;
  return {
    within,
    trained,
    contradictions: splits.train === undefined ? 0 : contradictionsOf(splits.train, same),
    examples: same.slice(0, shown).map((group) => group.map(nameOf)),
  };
}

function contradictionsOf(train: Split, groups: readonly { split: string; index: number }[][]): number {
  const targets = targetsOf(train);
  if (targets.kind !== 'index') return 0;
  return groups.filter((group) => {
    const labels = group.filter(({ split }) => split === 'train').map(({ index }) => targets.values[index]);
    return new Set(labels).size > 1;
  }).length;
}
