import type { Split, Targets } from '@limbeck/core';
import type { PictureTable } from './parquet-file.js';
import { hashBytes, type StoredPictures } from './picture-store.js';

/** A file of a split, with its pictures where they were copied to the cache. */
export interface Part {
  readonly table: PictureTable;
  readonly stored: StoredPictures | undefined;
}

/** The rows of several files, one file after the other. */
export function pictureSplit(parts: readonly Part[], targets: Targets): Split {
  const { place, length } = placesOf(parts);
  const nameOf = (sample: number) => {
    const { part, row } = place(sample);
    return `${part.table.file} row ${row}`;
  };
  const shared = { length, targets, nameOf };
  if (parts.some(({ stored }) => stored === undefined)) return { ...shared, open: readerOf(place, nameOf) };
  const suspects: number[] = [];
  let first = 0;
  for (const { stored, table } of parts) {
    stored!.marks.forEach((mark, row) => {
      if (mark !== 0) suspects.push(first + row);
    });
    first += table.rows;
  }
  return {
    ...shared,
    suspects,
    open(sample) {
      const { part, row } = place(sample);
      const { file, starts, sizes } = part.stored!;
      return { file, offset: starts[row]!, length: sizes[row]! };
    },
    hashOf(sample) {
      const { part, row } = place(sample);
      const { buffer, byteOffset } = part.stored!.hashes;
      return Buffer.from(buffer, byteOffset + row * hashBytes, hashBytes).toString('hex');
    },
  };
}

type Place = (sample: number) => { readonly part: Part; readonly row: number };

/** Finds file and row of a sample. */
function placesOf(parts: readonly Part[]): { place: Place; length: number } {
  const firsts: number[] = [];
  let length = 0;
  for (const { table } of parts) {
    firsts.push(length);
    length += table.rows;
  }
  return {
    length,
    place(sample) {
      const number = firsts.findLastIndex((first) => first <= sample);
      return { part: parts[number]!, row: sample - firsts[number]! };
    },
  };
}

/** Reads row groups as they are needed, and keeps the last one. */
function readerOf(place: Place, nameOf: (sample: number) => string): NonNullable<Split['open']> {
  let last:
    | { readonly table: PictureTable; readonly group: number; pictures: Promise<Uint8Array[]> }
    | undefined;
  return async (sample) => {
    const { part, row } = place(sample);
    const { table } = part;
    const group = table.groups.findLastIndex(({ first }) => first <= row);
    if (last?.table !== table || last.group !== group) {
      last = { table, group, pictures: table.pictures(group) };
    }
    const pictures = await last.pictures;
    return { bytes: pictures[row - table.groups[group]!.first]!, name: nameOf(sample) };
  };
}
