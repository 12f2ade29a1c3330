import { didYouMean, LimbeckError, type OpenDataset, type Split, targetsOf } from '@limbeck/core';
import { pickSamples } from './pick.js';

/** Which samples of a data set are used. */
export interface Selection {
  /** Names of classes; the others are left out, and classes count anew in this order. */
  readonly classes?: readonly string[] | undefined;
  /** Indices into a split, by its name. */
  readonly samples?: Readonly<Record<string, readonly number[]>> | undefined;
}

type Splits = Readonly<Record<string, Split>>;

/**
 * Leaves samples and classes out.
 *
 * @throws LimbeckError CONFIG_INVALID for names and indices that are not there, PRECONDITION for classes of samples that
 * have none
 */
export function select(
  { classNames, splits }: Pick<OpenDataset, 'classNames'> & { splits: Splits },
  { classes, samples }: Selection,
): { classNames: readonly string[]; splits: Splits } {
  let chosen = splits;
  if (samples !== undefined) {
    for (const name of Object.keys(samples)) {
      if (chosen[name] === undefined) throw unknown('split', name, Object.keys(chosen));
    }
    chosen = map(chosen, (split, name) => {
      const indices = samples[name];
      if (indices === undefined) return split;
      const outside = indices.find(
        (index) => !(Number.isInteger(index) && index >= 0 && index < split.length),
      );
      if (outside === undefined) return pickSamples(split, Int32Array.from(indices));
      throw new LimbeckError(
        'CONFIG_INVALID',
        `data.subset.samples: ${outside} is no sample of '${name}', which has ${split.length}`,
        { hint: `give whole numbers from 0 to ${split.length - 1}` },
      );
    });
  }
  if (classes === undefined) return { classNames, splits: chosen };
  const renumbered = new Map(
    classes.map((name, label) => {
      const before = classNames.indexOf(name);
      if (before < 0) throw unknown('class', name, classNames);
      return [before, label];
    }),
  );
  return {
    classNames: classes,
    splits: map(chosen, (split, name) => {
      const targets = targetsOf(split);
      if (targets.kind !== 'index') {
        throw new LimbeckError(
          'PRECONDITION',
          `data.subset.classes: the samples of '${name}' have no classes`,
          {
            hint: 'choose samples by index',
          },
        );
      }
      const { values } = targets;
      const kept = Int32Array.from(values.keys()).filter((sample) => renumbered.has(values[sample]!));
      const picked = pickSamples(split, kept);
      return {
        ...picked,
        targets: { kind: 'index', values: kept.map((sample) => renumbered.get(values[sample]!)!) },
      };
    }),
  };
}

const map = (splits: Splits, change: (split: Split, name: string) => Split): Splits =>
  Object.fromEntries(Object.entries(splits).map(([name, split]) => [name, change(split, name)]));

function unknown(noun: string, name: string, known: readonly string[]): LimbeckError {
  return new LimbeckError('CONFIG_INVALID', `data.subset: there is no ${noun} '${name}'`, {
    hint: didYouMean(name, known) ?? `there are: ${known.slice(0, 20).join(', ')}`,
  });
}
