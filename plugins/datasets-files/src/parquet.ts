import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { defineDataset, LimbeckError, noTargets, type OpenDataset, type Split } from '@limbeck/core';
import { z } from 'zod';
import { badData } from './failure.js';
import { findShards, type Shard } from './find-shards.js';
import { type PictureRow, readPictures } from './parquet-file.js';

interface Options {
  readonly path: string;
  readonly image?: string | undefined;
  readonly label?: string | undefined;
}

/** Parquet files with pictures and labels, in the layout of the Hugging Face hub. */
export const parquet = defineDataset<Options>({
  id: 'parquet',
  description:
    'Parquet files with image and label columns, as the Hugging Face hub has them: train-00000-of-00001.parquet.',
  options: z.strictObject({
    path: z.string().min(1).describe('a file, or the folder of the files, whose names begin with the split'),
    image: z.string().min(1).optional().describe('column of pictures. Absent: `image` or `img`'),
    label: z
      .string()
      .min(1)
      .optional()
      .describe('column of labels. Absent: `label`, `labels` or `fine_label`'),
  }),
  files: [],
  async open({ path: given, image, label }, { report }): Promise<OpenDataset> {
    const root = path.resolve(given);
    const hash = createHash('sha256');
    const rows: Record<string, PictureRow[]> = {};
    let names: readonly string[] | undefined;
    for (const { file, split } of await findFiles(root)) {
      report?.(`reading ${file}`);
      await pipeline(createReadStream(file), hash, { end: false });
      const read = await readPictures(file, { image, label });
      names ??= read.classNames;
      rows[split] = [...(rows[split] ?? []), ...read.rows];
    }
    const all = Object.values(rows).flat();
    const hasLabels = all.some((row) => row.label !== undefined);
    const bare = hasLabels ? all.find((row) => row.label === undefined) : undefined;
    if (bare !== undefined) throw badData(bare.name, 'has no label', 'give every row one');
    const classes = names?.length ?? all.reduce((most, row) => Math.max(most, row.label ?? 0), 0) + 1;
    const outside = all.find((row) => row.label !== undefined && !(row.label >= 0 && row.label < classes));
    if (outside !== undefined) {
      throw badData(
        outside.name,
        `has the label ${outside.label}; there are ${classes} classes`,
        'labels count from 0',
      );
    }
    return {
      classes,
      classNames: names ?? Array.from({ length: classes }, (_, number) => String(number)),
      splits: Object.fromEntries(Object.entries(rows).map(([name, own]) => [name, splitOf(own, hasLabels)])),
      fingerprint: `sha256:${hash.digest('hex')}`,
    };
  },
});

function splitOf(rows: readonly PictureRow[], hasLabels: boolean): Split {
  return {
    length: rows.length,
    targets: hasLabels ? { kind: 'index', values: Int32Array.from(rows, ({ label }) => label!) } : noTargets,
    open: (sample) => ({ bytes: rows[sample]!.bytes, name: rows[sample]!.name }),
    nameOf: (sample) => rows[sample]!.name,
  };
}

async function findFiles(root: string): Promise<Shard[]> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isFile()) return [{ file: root, split: 'train' }];
  if (found === undefined) {
    throw new LimbeckError('NOT_FOUND', `${root} does not exist`, {
      hint: 'name a .parquet file or the folder of some with data.path',
      details: { path: root },
    });
  }
  return findShards(root, {
    ending: '.parquet',
    called: 'files',
    words: (name) => name.toLowerCase().split(/[^a-z]+/),
  });
}
