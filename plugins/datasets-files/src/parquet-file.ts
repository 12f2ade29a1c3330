import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { RawLabel } from './class-labels.js';
import { badData } from './failure.js';
import { type ChosenColumns, chooseColumns, classNamesOf, type GivenColumns } from './parquet-columns.js';

/** Pictures of one Parquet file, which are read a row group at a time. */
export interface PictureTable {
  readonly file: string;
  readonly rows: number;
  /** Column that pictures are in. */
  readonly image: string;
  /** One a row. */
  readonly labels: readonly RawLabel[];
  readonly classNames: readonly string[] | undefined;
  /** Row groups in order. */
  readonly groups: readonly { readonly first: number; readonly rows: number }[];
  /** The encoded pictures of a row group, in order. */
  pictures(group: number): Promise<Uint8Array[]>;
}

/** Bytes that the pictures of one row group may unpack to: a group is in memory as a whole. */
const largestGroup = 512 << 20;

/** Unpacking refuses pages that claim more than a whole row group may have. */
const bounded: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([name, unpack]) => [
    name,
    (input: Uint8Array, size: number) => {
      if (size > largestGroup) throw new Error(`a page claims to unpack to ${size} bytes`);
      return unpack!(input, size);
    },
  ]),
);

/**
 * Opens a Parquet file with a column of pictures: bytes, or `{ bytes, path }` as the `datasets` library writes them. Labels are
 * read at once, pictures are not.
 *
 * @throws LimbeckError BAD_DATA naming the file, and the row where there is one
 */
export async function openPictureTable(file: string, given: GivenColumns): Promise<PictureTable> {
  const { buffer, metadata } = await reading(file, async () => {
    const opened = await asyncBufferFromFile(file);
    return { buffer: opened, metadata: await parquetMetadataAsync(opened) };
  });
  const chosen = chooseColumns(file, metadata, given);
  const table = { file, buffer, metadata };
  let first = 0;
  const groups = metadata.row_groups.map((group) => {
    const rows = Number(group.num_rows);
    const own = { first, rows };
    first += rows;
    checkSizes(file, group, chosen);
    return own;
  });
  const labels =
    chosen.label === undefined ? new Array<RawLabel>(first) : await labelsOf(table, groups, chosen.label);
  return {
    file,
    rows: first,
    image: chosen.image,
    labels,
    classNames: chosen.label === undefined ? undefined : classNamesOf(metadata, chosen.label),
    groups,
    pictures: async (group) => {
      const own = groups[group]!;
      const values = await columnOf(table, own, chosen.image);
      return values.map((value, row) => pictureOf(value, `${file} row ${own.first + row}`));
    },
  };
}

interface Table {
  readonly file: string;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
}

function checkSizes(file: string, group: FileMetaData['row_groups'][number], chosen: ChosenColumns): void {
  for (const { meta_data: column } of group.columns) {
    if (column === undefined || ![chosen.image, chosen.label].includes(column.path_in_schema[0])) continue;
    const size = Math.max(Number(column.total_uncompressed_size), Number(column.total_compressed_size));
    if (size <= largestGroup) continue;
    throw badData(
      file,
      `has ${size} bytes of '${column.path_in_schema[0]}' in one row group; at most ${largestGroup} are read at a time`,
      'write it again with smaller row groups, such as row_group_size=100',
    );
  }
}

async function columnOf(
  { file, buffer, metadata }: Table,
  { first, rows }: { readonly first: number; readonly rows: number },
  column: string,
): Promise<unknown[]> {
  const records = await reading(file, () =>
    parquetReadObjects({
      file: buffer,
      metadata,
      columns: [column],
      rowStart: first,
      rowEnd: first + rows,
      compressors: bounded,
      utf8: false,
    }),
  );
  if (records.length === rows) return records.map((record) => record[column] as unknown);
  throw badData(
    file,
    `claims ${rows} rows and holds ${records.length} from row ${first} on`,
    'fetch or write the file again',
  );
}

function pictureOf(value: unknown, name: string): Uint8Array {
  const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array) return bytes;
  const path = (value as { path?: unknown } | null)?.path;
  throw badData(
    name,
    typeof path === 'string' ? `names the picture '${path}' and does not hold it` : 'has no picture',
    'write pictures into the file, one in every row',
  );
}

async function labelsOf(table: Table, groups: PictureTable['groups'], column: string): Promise<RawLabel[]> {
  const labels: RawLabel[] = [];
  for (const group of groups) {
    for (const value of await columnOf(table, group, column)) {
      labels.push(labelOf(value, column, `${table.file} row ${labels.length}`));
    }
  }
  return labels;
}

/** -1 and nothing stand for no label, as in test splits whose labels are kept back. */
function labelOf(value: unknown, column: string, row: string): RawLabel {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return Number(value);
  const label = typeof value === 'bigint' ? Number(value) : value;
  if (label === -1) return undefined;
  if (typeof label === 'number' && Number.isSafeInteger(label) && label >= 0) return label;
  const shown = typeof label === 'number' ? String(label) : `something of type ${typeof label}`;
  throw badData(
    row,
    `has ${shown} in the column '${column}', which is no label`,
    'labels are whole numbers from 0 on, or names; data.label says another column',
  );
}

async function reading<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw badData(
      file,
      `cannot be read as Parquet: ${(cause as Error).message}`,
      'fetch or write the file again',
      cause,
    );
  }
}
