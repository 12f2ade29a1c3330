import path from 'node:path';
import { defineDataset, noTargets, type OpenDataset } from '@limbeck/core';
import { z } from 'zod';
import { choiceFingerprint } from './choice-fingerprint.js';
import { classesOfLabels, type LabelledPart } from './class-labels.js';
import { badData } from './failure.js';
import { openPictureTable, type PictureTable } from './parquet-file.js';
import { type Part, pictureSplit } from './parquet-split.js';
import { type StoredPictures, storePictures } from './picture-store.js';
import { findShards } from './shard-files.js';

interface Options {
  readonly path: string;
  readonly image?: string | undefined;
  readonly label?: string | undefined;
}

/**
 * Parquet files with pictures and labels, in the layout of the Hugging Face hub. Pictures are copied once to the cache, so that
 * they can be read in any order; without a cache, row groups are read as they are needed.
 */
export const parquet = defineDataset<Options>({
  id: 'parquet',
  description:
    'Parquet files with image and label columns, as the Hugging Face hub has them: train-00000-of-00001.parquet.',
  options: z.strictObject({
    path: z.string().min(1).describe('a file, or the folder of the files, whose names begin with the split'),
    image: z
      .string()
      .min(1)
      .optional()
      .describe('column of pictures. Absent: the one marked as such, `image` or `img`'),
    label: z
      .string()
      .min(1)
      .optional()
      .describe('column of labels. Absent: the one marked as such, `label` or `fine_label`'),
  }),
  files: [],
  async open({ path: given, image, label }, { cacheDir, report, afresh }): Promise<OpenDataset> {
    const { shards, fingerprint } = await findShards(path.resolve(given), {
      ending: '.parquet',
      wordsOf: (part) => part.split(/[^a-z]+/),
      cacheDir,
      afresh,
      report,
    });
    const parts: Record<string, Part[]> = {};
    for (const { file, split, hash } of shards) {
      const table = await openPictureTable(file, { image, label });
      parts[split] ??= [];
      const stored =
        cacheDir === undefined
          ? undefined
          : await unpack(table, path.join(cacheDir, 'unpacked', `${hash}-${table.image}.pictures`), report);
      parts[split].push({ table, stored });
    }
    const labelled = Object.entries(parts).map(([split, own]): LabelledPart => {
      const { nameOf } = pictureSplit(own, noTargets);
      return { split, labels: own.flatMap(({ table }) => [...table.labels]), nameOf: nameOf! };
    });
    const tables = Object.values(parts).flatMap((own) => own.map(({ table }) => table));
    const { names, targets } = classesOfLabels(labelled, classNamesOf(tables));
    return {
      classes: names.length,
      classNames: names,
      splits: Object.fromEntries(
        Object.entries(parts).map(([split, own]) => [split, pictureSplit(own, targets[split]!)]),
      ),
      fingerprint: choiceFingerprint(fingerprint, { image, label }),
    };
  },
});

/** What the files say the classes are called. */
function classNamesOf(tables: readonly PictureTable[]): readonly string[] | undefined {
  const [first] = tables;
  const other = tables.find(({ classNames }) => classNames?.join('\n') !== first?.classNames?.join('\n'));
  if (other === undefined) return first?.classNames;
  throw badData(
    other.file,
    `and ${first!.file} have different classes: ${shown(other)} and ${shown(first!)}`,
    'put files of one data set in the folder',
  );
}

const shown = ({ classNames }: PictureTable): string => classNames?.slice(0, 5).join(', ') ?? 'none';

type Report = ((line: string) => void) | undefined;

/** Copies the pictures of a file to the cache, a row group at a time. */
async function unpack(table: PictureTable, place: string, report: Report): Promise<StoredPictures> {
  const { file, groups, rows } = table;
  const stored = await storePictures(place, async function* () {
    for (const group of groups.keys()) {
      report?.(`unpacking ${file}: part ${group + 1} of ${groups.length}`);
      yield* await table.pictures(group);
    }
  });
  if (stored.sizes.length === rows) return stored;
  throw badData(
    place,
    `holds ${stored.sizes.length} pictures of ${file}, which has ${rows}`,
    'remove it and try again',
  );
}
