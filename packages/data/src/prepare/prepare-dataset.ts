import { createHash } from 'node:crypto';
import { LimbeckError, type OpenDataset, type Split, targetsOf } from '@limbeck/core';
import { Loading, type LoadingOptions } from '../loading/loading.js';
import type { Normalization } from '../normalize.js';
import { type ChosenChange, shapeBefore, shapeOfChanges } from '../pipeline/changes.js';
import { type CutOptions, cutOff } from '../splits/cut-off.js';
import { type Selection, select } from '../splits/select.js';
import { checkSplit, splitsOf } from './check-split.js';
import { measureNormalization, namedNormalizations } from './normalization.js';
import type { RunDataset } from './run-dataset.js';
import { leaveOutDamaged, refuseDamaged } from './scan.js';
import { completeLists, type ImageSize } from './standard-changes.js';

/** Parts cut off the training split, by name, as shares of it. */
export interface SplitRequest extends Omit<CutOptions, 'share'> {
  readonly validation?: number | undefined;
  readonly test?: number | undefined;
}

/** What a run says about its data. */
export interface PrepareOptions extends LoadingOptions {
  /** Id of the data set. */
  readonly id: string;
  /** Changes to training samples. */
  readonly augment?: readonly ChosenChange[];
  /** Changes to samples that are evaluated. */
  readonly evaluation?: readonly ChosenChange[];
  readonly imageSize?: ImageSize | undefined;
  /** A name, the numbers, or `measure`. Default: the data set's own, else measured. */
  readonly normalization?: string | Normalization | undefined;
  readonly split?: SplitRequest | undefined;
  readonly subset?: Selection | undefined;
  /** Name of the split that is evaluated on. Default: the validation split where one was cut off, else `test`, else `validation`; one with labels first. */
  readonly evaluateOn?: string | undefined;
  /** Where what is found out about the data is kept. */
  readonly cacheDir?: string | undefined;
  /** Hears what takes long. */
  readonly report?: (line: string) => void;
}

/** A data set ready for a run, with the changes to its training samples. */
export interface PreparedDataset {
  readonly dataset: RunDataset;
  readonly augment: readonly ChosenChange[];
}

/**
 * Makes of an opened data set what a run uses: looks it over, chooses samples, cuts splits off, completes the lists of
 * changes, finds the normalisation, and decodes what looks damaged.
 *
 * @throws LimbeckError BAD_DATA, BAD_FILE, CONFIG_INVALID, PRECONDITION naming what does not fit
 */
export async function prepareDataset(opened: OpenDataset, options: PrepareOptions): Promise<PreparedDataset> {
  const { id, augment = [], evaluation = [], imageSize, cacheDir, report = () => undefined } = options;
  const { imageShape: given } = opened;
  const checked = splitsOf(opened);
  for (const [name, split] of Object.entries(checked)) checkSplit(split, { id, name, imageShape: given });
  const { classNames, splits: chosen } = select(
    { classNames: opened.classNames, splits: checked },
    options.subset ?? {},
  );
  const splits = cutAll(chosen, options.split, id);
  const evaluated = evaluatedSplit(splits, options, id);
  const loading = new Loading(options);
  const before = shapeBefore(opened);
  const lists = completeLists({ train: augment, evaluation }, imageSize, before);
  const imageShape = shapeOfChanges(lists.evaluation, before, 'data.evaluation');
  const trained = shapeOfChanges(lists.train, before, 'data.augment');
  if (trained.join() !== imageShape.join()) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `data.augment gives images [${trained.join(', ')}], data.evaluation [${imageShape.join(', ')}]`,
      { hint: 'let both give images of one shape: a network takes no others' },
    );
  }
  const fingerprint = fingerprintOf(opened, options, lists.evaluation);
  const notes = [...(opened.notes ?? [])];
  for (const name of new Set(['train', evaluated])) {
    if (options.onError !== 'skip') await refuseDamaged(splits[name]!);
    else {
      const { split, bad } = await leaveOutDamaged(splits[name]!, {
        fingerprint: `${fingerprint} ${name}`,
        cacheDir,
        report,
      });
      splits[name] = split;
      if (bad.length > 0) {
        notes.push(
          `${bad.length} of ${bad.length + split.length} images of '${name}' are left out; the next lines name them`,
        );
      }
      notes.push(...bad.map(({ name: file, reason }) => `left out of '${name}': ${file}: ${reason}`));
    }
  }
  const train = splits.train!;
  const test = splits[evaluated]!;
  notes.push(...overlap(train, test, evaluated));
  const about = {
    split: train,
    before,
    changes: lists.evaluation,
    imageShape,
    loading,
    fingerprint,
    cacheDir,
    report,
  };
  const normalization = forChannels(
    named(options.normalization) ??
      (options.normalization === 'measure' ? undefined : opened.normalization) ??
      (await measureNormalization(about)),
    imageShape[0],
  );
  return {
    dataset: {
      classes: classNames.length,
      classNames,
      imageShape,
      normalization,
      train,
      test,
      evaluated,
      splits,
      fingerprint,
      notes,
      before,
      evaluation: lists.evaluation,
      loading,
    },
    augment: lists.train,
  };
}

function cutAll(
  splits: Readonly<Record<string, Split>>,
  request: SplitRequest | undefined,
  id: string,
): Record<string, Split> {
  const all = { ...splits };
  if (all.train === undefined) {
    throw new LimbeckError('BAD_DATA', `data set '${id}' has no training samples`, {
      hint: `its splits are: ${Object.keys(splits).join(', ') || 'none'}`,
    });
  }
  if (request === undefined) return all;
  const { validation, test, stratified, seed } = request;
  for (const [name, share] of Object.entries({ test, validation })) {
    if (share === undefined) continue;
    if (all[name] !== undefined) {
      throw new LimbeckError(
        'CONFIG_INVALID',
        `data.split cuts '${name}' off, which data set '${id}' has already`,
        {
          hint: `leave data.split.${name} out, or evaluate on it with data.evaluateOn: '${name}'`,
        },
      );
    }
    const cut = cutOff(all.train!, { share, stratified, seed });
    [all.train, all[name]] = cut;
  }
  return all;
}

function evaluatedSplit(
  splits: Record<string, Split>,
  { evaluateOn, split }: PrepareOptions,
  id: string,
): string {
  const name = evaluateOn ?? (split?.validation === undefined ? undefined : 'validation');
  // labels of published test splits are often kept back
  const isLike = (one: Split) => targetsOf(one).kind === targetsOf(splits.train!).kind;
  const usual = ['test', 'validation'].filter((one) => splits[one] !== undefined);
  const found = name ?? usual.find((one) => isLike(splits[one]!)) ?? usual[0];
  if (found === undefined) {
    throw new LimbeckError('PRECONDITION', `data set '${id}' has nothing to be evaluated on`, {
      hint: 'say data.split: { validation: 0.1 }, which cuts a tenth of the training images off',
    });
  }
  const { length } = splits[found] ?? { length: undefined };
  if (length !== undefined && length > 0) return found;
  throw new LimbeckError('CONFIG_INVALID', `data set '${id}' has no samples to evaluate on in '${found}'`, {
    hint: `its splits are: ${Object.keys(splits).join(', ')}`,
  });
}

/** Whatever decides which samples there are, and how evaluated ones look, counts; a data set used as it is keeps its own. */
function fingerprintOf(
  { fingerprint }: OpenDataset,
  { split, subset, evaluateOn }: PrepareOptions,
  evaluation: readonly ChosenChange[],
): string {
  const lists = evaluation.map(({ contribution, options }) => [contribution.id, options]);
  const choice = { split, subset, evaluateOn, ...(lists.length > 0 && { lists }) };
  if (Object.values(choice).every((value) => value === undefined)) return fingerprint;
  return `sha256:${createHash('sha256')
    .update(JSON.stringify([fingerprint, choice]))
    .digest('hex')}`;
}

function overlap(train: Split, test: Split, name: string): string[] {
  if (train.hashOf === undefined || test.hashOf === undefined || train === test) return [];
  const seen = new Set(Array.from({ length: train.length }, (_, i) => train.hashOf!(i)));
  let count = 0;
  for (let i = 0; i < test.length; i++) if (seen.has(test.hashOf(i))) count++;
  return count === 0
    ? []
    : [
        `${count} of ${test.length} images of '${name}' are training images as well: what is measured on them says little`,
      ];
}

function named(normalization: PrepareOptions['normalization']): Normalization | undefined {
  if (typeof normalization !== 'string') return normalization;
  if (normalization === 'measure') return undefined;
  const known = namedNormalizations[normalization];
  if (known !== undefined) return known;
  throw new LimbeckError(
    'CONFIG_INVALID',
    `data.normalization: there is no normalisation '${normalization}'`,
    {
      hint: `there are: ${[...Object.keys(namedNormalizations), 'measure'].join(', ')}`,
    },
  );
}

/** Three channels' numbers for grey images are their mean; one channel's for colour images are repeated. */
function forChannels({ mean, std }: Normalization, channels: number): Normalization {
  if (mean.length === 3 && channels === 1) {
    const average = (values: readonly number[]) => [
      values.reduce((sum, value) => sum + value, 0) / values.length,
    ];
    return { mean: average(mean), std: average(std) };
  }
  if (mean.length === 1 && channels > 1) {
    return { mean: Array(channels).fill(mean[0]), std: Array(channels).fill(std[0]) };
  }
  return { mean, std };
}
