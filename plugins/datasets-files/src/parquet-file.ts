import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { badData } from './failure.js';

/** A picture of a table. */
export interface PictureRow {
  /** As it is encoded. */
  readonly bytes: Uint8Array;
  /** What messages call it: file and row. */
  readonly name: string;
  readonly label: number | undefined;
}

/** Columns that pictures and labels go under; the first that is there counts. */
const usual = { image: ['image', 'img', 'images'], label: ['label', 'labels', 'fine_label', 'target'] };

/**
 * Reads the pictures of a Parquet file: a column of bytes, or of `{ bytes, path }` as the `datasets` library writes them.
 *
 * @throws LimbeckError BAD_DATA naming the file
 */
export async function readPictures(
  file: string,
  given: { readonly image?: string | undefined; readonly label?: string | undefined },
): Promise<{ rows: PictureRow[]; classNames: readonly string[] | undefined }> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const names = metadata.schema[0]!.num_children === undefined ? [] : topColumns(metadata.schema);
    const image = given.image ?? usual.image.find((name) => names.includes(name));
    const label = given.label ?? usual.label.find((name) => names.includes(name));
    if (image === undefined || !names.includes(image)) {
      throw badData(
        file,
        `has no column of pictures: its columns are ${names.join(', ')}`,
        'say which one with data.image',
      );
    }
    const columns = label === undefined ? [image] : [image, label];
    const records = await parquetReadObjects({ file: buffer, metadata, columns, compressors, utf8: false });
    const rows = records.map((record, row): PictureRow => {
      const value = record[image] as unknown;
      const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
      if (!(bytes instanceof Uint8Array))
        throw badData(`${file} row ${row}`, 'has no picture', 'give every row one');
      const own = label === undefined ? undefined : (record[label] as unknown);
      return {
        bytes,
        name: `${file} row ${row}`,
        label: own === undefined || own === null ? undefined : Number(own),
      };
    });
    return {
      rows,
      classNames: label === undefined ? undefined : classNamesOf(metadata.key_value_metadata, label),
    };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'BAD_DATA') throw cause;
    throw badData(file, `cannot be read: ${(cause as Error).message}`, 'fetch or write the file again');
  }
}

/** Names of the columns at the top of a schema, which is a tree written depth first. */
function topColumns(schema: readonly { readonly name: string; readonly num_children?: number }[]): string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]!.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at]!.name);
  return names;
}

/** The `datasets` library keeps the names of classes in the file's metadata. */
function classNamesOf(
  metadata: readonly { readonly key: string; readonly value?: string }[] | undefined,
  label: string,
): readonly string[] | undefined {
  const text = metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return undefined;
  try {
    const names = (JSON.parse(text) as { info?: { features?: Record<string, { names?: unknown }> } }).info
      ?.features?.[label]?.names;
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
