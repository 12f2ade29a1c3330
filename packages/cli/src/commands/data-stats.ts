import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError, type OpenDataset, targetsOf } from '@limbeck/core';
import type { Duplicates, SplitFacts } from '@limbeck/data';
import type { Io } from '../io.js';
import { count } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';
import { type LookedThrough, lookThrough, progressLine } from './look-through.js';
import { type ChosenData, type DataChoice, openChosenData } from './open-chosen-data.js';

export interface DataStatsOptions extends DataChoice {
  readonly samples?: number;
  readonly sheet?: string;
  readonly json?: boolean;
}

const shown = 20;
/** Pixels of pictures on a sheet, where they have any size and nothing else is said. */
const sheetSize = 224;

/** `limbeck data stats NAME`: what is in a data set. */
export async function dataStats(io: Io, options: DataStatsOptions): Promise<void> {
  const { samples: limit, sheet, json = false, ...choice } = options;
  const { findDuplicates } = await import('@limbeck/data');
  const chosen = await openChosenData(io, choice);
  const line = progressLine(io);
  try {
    const opened = await chosen.open(line.show);
    const found = await lookThrough(io, opened, { limit, show: line.show });
    const duplicates = findDuplicates(found.splits, found.facts);
    const drawn = sheet === undefined ? undefined : await writeSheet(sheet, { io, chosen, opened, found });
    line.close();
    if (json) printJson(io, asJson(chosen, opened, found, duplicates, drawn));
    else {
      for (const [name, facts] of Object.entries(found.facts)) printSplit(io, name, facts, opened);
      printDuplicates(io, duplicates, found);
      if (drawn !== undefined) {
        print(
          io,
          `sheet: ${drawn.file}; its first column shows pictures as in evaluation, the others as in training`,
        );
        for (const name of drawn.rows) print(io, `  ${name}`);
      }
    }
  } finally {
    line.close();
    await chosen.host.dispose();
  }
}

interface Drawn {
  readonly file: string;
  /** What each row shows. */
  readonly rows: readonly string[];
}

async function writeSheet(
  sheet: string,
  {
    io,
    chosen: { config, parts },
    opened,
    found,
  }: { io: Io; chosen: ChosenData; opened: OpenDataset; found: LookedThrough },
): Promise<Drawn> {
  const { contactSheet, pickSamples, prepareDataset } = await import('@limbeck/data');
  const { data } = config;
  const bad = new Set(found.facts.train?.bad.map(({ index }) => index));
  const train = found.splits.train;
  if (train === undefined) {
    throw new LimbeckError('BAD_DATA', 'there are no training samples to show', {
      hint: 'leave --sheet out',
    });
  }
  const sound = Int32Array.from({ length: train.length }, (_, i) => i).filter((i) => !bad.has(i));
  const picked = { ...pickSamples(train, sound), suspects: [] };
  const hasSize =
    opened.imageShape !== undefined ||
    [...parts.augment, ...parts.evaluation].some(({ contribution }) => contribution.kind === 'frame');
  const prepared = await prepareDataset(
    { ...opened, train: picked, test: picked, splits: {} },
    {
      ...{ id: parts.dataset.contribution.id, augment: parts.augment, evaluation: parts.evaluation },
      imageSize: data.imageSize ?? (hasSize ? undefined : sheetSize),
      // pixels are shown as they are
      normalization: 'imagenet',
      workers: 0,
    },
  );
  const { png, samples } = await contactSheet(prepared, { seed: 1 });
  const file = path.resolve(io.cwd, sheet);
  try {
    await writeFile(file, png);
  } catch (cause) {
    throw new LimbeckError('WRITE_FAILED', `cannot write ${file}: ${(cause as Error).message}`, {
      hint: 'name another file with --sheet',
      details: { path: file },
      cause,
    });
  }
  const targets = targetsOf(picked);
  const rows = samples.map((sample) => {
    const name = picked.nameOf?.(sample) ?? `sample ${sample}`;
    return targets.kind === 'index' ? `${opened.classNames[targets.values[sample]!]}: ${name}` : name;
  });
  return { file, rows };
}

const rounded = (values: readonly number[]): string => values.map((value) => value.toFixed(4)).join(', ');

function printSplit(io: Io, name: string, facts: SplitFacts, { classNames }: OpenDataset): void {
  const { samples, examined, perClass, sizes, grey, colour, mean, std, bad } = facts;
  print(
    io,
    `${name}: ${count(samples)} samples${examined < samples ? `, ${count(examined)} looked at` : ''}`,
  );
  if (perClass === undefined) print(io, '  no class labels');
  else {
    const least = Math.min(...perClass);
    const most = Math.max(...perClass);
    print(
      io,
      `  ${count(perClass.length)} classes of ${least === most ? count(most) : `${count(least)} to ${count(most)}`} samples`,
    );
    const rows = perClass.slice(0, shown).map((own, label) => [`    ${classNames[label]}`, count(own)]);
    print(io, table([{ head: '' }, { head: '', align: 'right' }], rows));
    if (perClass.length > shown) print(io, `    and ${count(perClass.length - shown)} more classes`);
  }
  const common = sizes
    .slice(0, 3)
    .map(({ width, height, pictures }) => `${width} x ${height} (${count(pictures)})`);
  print(
    io,
    `  sizes: ${common.join(', ')}${sizes.length > 3 ? ` and ${count(sizes.length - 3)} others` : ''}`,
  );
  print(io, `  ${count(colour)} in colour, ${count(grey)} grey`);
  print(io, `  mean ${rounded(mean)}, deviation ${rounded(std)}`);
  print(io, `  damaged: ${count(bad.length)}`);
  for (const { reason } of bad.slice(0, shown)) print(io, `    ${reason}`);
}

function printDuplicates(io: Io, duplicates: Duplicates, { facts }: LookedThrough): void {
  const { within, trained, contradictions, examples } = duplicates;
  for (const [split, number] of Object.entries(within)) {
    if (number > 0) print(io, `${count(number)} samples of '${split}' are copies of others there`);
  }
  for (const [split, number] of Object.entries(trained)) {
    print(
      io,
      `${count(number)} of ${count(facts[split]!.examined)} samples of '${split}' are training samples as well`,
    );
  }
  if (contradictions > 0) print(io, `${count(contradictions)} training pictures have several labels`);
  for (const names of examples) print(io, `  ${names.join(' = ')}`);
}

function asJson(
  { dataset }: ChosenData,
  { classNames, fingerprint }: OpenDataset,
  { facts }: LookedThrough,
  duplicates: Duplicates,
  sheet: Drawn | undefined,
): object {
  const splits = Object.entries(facts).map(([name, { hashes: _, ...own }]) => [name, own]);
  return {
    dataset: dataset.id,
    fingerprint,
    classNames,
    splits: Object.fromEntries(splits),
    duplicates,
    ...(sheet && { sheet }),
  };
}
