import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { defineDataset, LimbeckError, noTargets, type OpenDataset, type Split } from '@limbeck/core';
import { openRegularFile } from '@limbeck/formats';
import { z } from 'zod';
import { badData } from './failure.js';
import { readTable } from './table.js';

interface Options {
  readonly path: string;
  readonly root?: string | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/** Names that columns go under; the first that is there counts. */
const columns = {
  path: ['path', 'file', 'filename', 'file_name', 'image'],
  label: ['label', 'class', 'target', 'category'],
  split: ['split', 'subset', 'set'],
} as const;

const splitNames: Readonly<Record<string, string>> = {
  val: 'validation',
  valid: 'validation',
  dev: 'validation',
};

interface Row {
  readonly file: string;
  readonly label: string | undefined;
  readonly split: string;
  readonly line: number;
}

/** Pictures named by a table: CSV, TSV or JSON lines, whose header says which column is what. */
export const imageList = defineDataset<Options>({
  id: 'image-list',
  description: 'Pictures named by a CSV, TSV or JSONL file with columns for path, label and split.',
  options: z.strictObject({
    path: z.string().min(1).describe('the file: .csv, .tsv or .jsonl, with columns path, label and split'),
    root: z.string().min(1).optional().describe("folder that paths are relative to. Absent: the file's own"),
    classNames: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('names of the classes in order, where labels are numbers. Absent: the labels, sorted'),
  }),
  files: [],
  async open({ path: given, root, classNames }): Promise<OpenDataset> {
    const list = path.resolve(given);
    const folder = root === undefined ? path.dirname(list) : path.resolve(root);
    const rows = await readRows(list, folder);
    const labels = rows.flatMap(({ label }) => label ?? []);
    if (labels.length > 0 && labels.length < rows.length) {
      const missing = rows.find(({ label }) => label === undefined)!;
      throw badData(list, `has no label in line ${missing.line}`, 'give every picture a label, or none');
    }
    const names = labels.length === 0 ? undefined : classesOf(labels, classNames, rows, list);
    const splits: Record<string, Row[]> = {};
    for (const row of rows) {
      splits[row.split] ??= [];
      splits[row.split]!.push(row);
    }
    if (names !== undefined) refuseStrangers(splits, list);
    const hash = createHash('sha256').update(await readFile(list));
    const contents = new Map<string, string>();
    for (const { file } of rows) {
      const content = await contentOf(file, list);
      hash.update(content);
      contents.set(file, content.toString('hex').slice(0, 32));
    }
    return {
      classes: names?.size ?? 1,
      classNames:
        names === undefined ? ['0'] : [...names.keys()].map((name) => classNames?.[Number(name)] ?? name),
      splits: Object.fromEntries(
        Object.entries(splits).map(([name, own]) => [name, listed(own, names, contents)]),
      ),
      fingerprint: `sha256:${hash.digest('hex')}`,
    };
  },
});

function listed(
  rows: readonly Row[],
  names: ReadonlyMap<string, number> | undefined,
  contents: ReadonlyMap<string, string>,
): Split {
  return {
    length: rows.length,
    targets:
      names === undefined
        ? noTargets
        : { kind: 'index', values: Int32Array.from(rows, ({ label }) => names.get(label!)!) },
    open: (sample) => ({ file: rows[sample]!.file }),
    nameOf: (sample) => rows[sample]!.file,
    hashOf: (sample) => contents.get(rows[sample]!.file)!,
  };
}

async function readRows(list: string, folder: string): Promise<Row[]> {
  const { header, records } = await readTable(list);
  const find = (wanted: readonly string[]) => header.find((name) => wanted.includes(name.toLowerCase()));
  const place = find(columns.path);
  if (place === undefined) {
    throw badData(
      list,
      `has no column for paths: its columns are ${header.join(', ')}`,
      `call it one of: ${columns.path.join(', ')}`,
    );
  }
  const [label, split] = [find(columns.label), find(columns.split)];
  if (records.length === 0)
    throw badData(list, 'names no pictures', 'add a line for each picture below the header');
  return records.map(({ values, line }): Row => {
    const file = values[place];
    if (file === undefined || file === '')
      throw badData(list, `has no path in line ${line}`, 'give every line a path');
    const own = label === undefined ? '' : (values[label] ?? '');
    const part = split === undefined ? 'train' : (values[split] ?? '').toLowerCase();
    return {
      file: path.resolve(folder, file),
      label: own === '' ? undefined : own,
      split: splitNames[part] ?? (part === '' ? 'train' : part),
      line,
    };
  });
}

/** Class of every label: numbers are indices where all are; names count in sorted order. */
function classesOf(
  labels: readonly string[],
  classNames: readonly string[] | undefined,
  rows: readonly Row[],
  list: string,
): Map<string, number> {
  const distinct = [...new Set(labels)];
  const isNumbers = distinct.every((label) => /^\d+$/.test(label));
  if (classNames !== undefined && !isNumbers) {
    const stranger = rows.find(({ label }) => !classNames.includes(label!));
    if (stranger === undefined) return new Map(classNames.map((name, label) => [name, label]));
    throw badData(
      list,
      `has the label '${stranger.label}' in line ${stranger.line}, which is no class`,
      `the classes are: ${classNames.slice(0, 20).join(', ')}`,
    );
  }
  if (!isNumbers) return new Map(distinct.sort().map((name, label) => [name, label]));
  const count = classNames?.length ?? Math.max(...distinct.map(Number)) + 1;
  const outside = rows.find(({ label }) => Number(label) >= count);
  if (outside !== undefined) {
    throw badData(
      list,
      `has the label ${outside.label} in line ${outside.line}; there are ${count} classes`,
      'labels count from 0',
    );
  }
  return new Map(Array.from({ length: count }, (_, label) => [String(label), label]));
}

function refuseStrangers(splits: Readonly<Record<string, readonly Row[]>>, list: string): void {
  const known = new Set(splits.train?.map(({ label }) => label));
  for (const [name, rows] of Object.entries(splits)) {
    const stranger = rows.find(({ label }) => !known.has(label));
    if (stranger === undefined) continue;
    throw badData(
      list,
      `has the class '${stranger.label}' in '${name}' (line ${stranger.line}), which no training picture has`,
      'add it to the training pictures, or remove it',
    );
  }
}

async function contentOf(file: string, list: string): Promise<Buffer> {
  const hash = createHash('sha256');
  try {
    const handle = await openRegularFile(file);
    await pipeline(handle.createReadStream(), hash);
  } catch (cause) {
    throw new LimbeckError(
      'BAD_FILE',
      `cannot read ${file}, which ${list} names: ${(cause as Error).message}`,
      {
        hint: 'correct the path in the list; data.root says which folder paths are relative to',
        details: { path: file },
        cause,
      },
    );
  }
  return hash.digest();
}
