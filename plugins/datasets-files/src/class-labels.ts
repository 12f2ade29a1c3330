import { noTargets, type Targets } from '@limbeck/core';
import { byCodePoint } from '@limbeck/formats';
import { badData } from './failure.js';

/** The label of a sample as a file says it: an index, a name, or none. */
export type RawLabel = number | string | undefined;

/** Labels of one split. */
export interface LabelledPart {
  readonly split: string;
  readonly labels: readonly RawLabel[];
  /** What messages call a sample. */
  nameOf(sample: number): string;
}

/**
 * Makes class indices of labels. Numbers are indices where all labels are; names count in sorted order, or in the order of
 * `classNames`. A split whose samples have no label at all has no targets.
 *
 * @param classNames where they are known
 * @throws LimbeckError BAD_DATA naming the sample
 */
export function classesOfLabels(
  parts: readonly LabelledPart[],
  classNames: readonly string[] | undefined,
): { names: readonly string[]; targets: Readonly<Record<string, Targets>> } {
  const labelled = parts.filter(({ labels }) => labels.some((label) => label !== undefined));
  for (const { labels, nameOf } of labelled) {
    const bare = labels.indexOf(undefined);
    if (bare >= 0)
      throw badData(nameOf(bare), 'has no label', 'give every sample of a split a label, or none');
  }
  const isNumbers = labelled.every(({ labels }) => labels.every((label) => typeof label === 'number'));
  const found = new Set<number | string>();
  for (const { labels } of labelled)
    for (const label of labels) found.add(isNumbers ? label! : String(label));
  const names = classNames ?? namesOf([...found], isNumbers);
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const training = new Set(labelled.find(({ split }) => split === 'train')?.labels);
  const targets = parts.map((part): readonly [string, Targets] => {
    if (!labelled.includes(part)) return [part.split, noTargets];
    const values = Int32Array.from(part.labels, (label, sample) => {
      const index = isNumbers ? (label as number) : indexOf.get(String(label));
      return index !== undefined && index < names.length ? index : refuse(part, sample, names);
    });
    const stranger = part.labels.findIndex((label) => training.size > 0 && !training.has(label));
    if (stranger >= 0 && classNames === undefined) {
      throw badData(
        part.nameOf(stranger),
        `has the class '${part.labels[stranger]}' in '${part.split}', which no training sample has`,
        'add it to the training samples, or remove it',
      );
    }
    return [part.split, { kind: 'index', values }];
  });
  return { names, targets: Object.fromEntries(targets) };
}

function namesOf(labels: readonly (number | string)[], isNumbers: boolean): readonly string[] {
  if (!isNumbers) return [...(labels as string[])].sort(byCodePoint);
  const most = (labels as number[]).reduce((largest, label) => Math.max(largest, label), 0);
  return Array.from({ length: most + 1 }, (_, label) => String(label));
}

function refuse({ labels, nameOf }: LabelledPart, sample: number, names: readonly string[]): never {
  const label = labels[sample];
  throw badData(
    nameOf(sample),
    typeof label === 'number'
      ? `has the label ${label}; there are ${names.length} classes`
      : `has the label '${label}', which is no class`,
    typeof label === 'number' ? 'labels count from 0' : `the classes are: ${names.slice(0, 20).join(', ')}`,
  );
}
