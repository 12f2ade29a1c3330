import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FileIndex, type IndexColumns } from './file-index.js';

/** First bytes of a kept index; the number changes with the layout. */
const start = Buffer.from('limbeck-index-1\n');
const checksumBytes = 32;

interface Header {
  readonly fingerprint: string;
  readonly folders: readonly string[];
  /** Bytes of each column, in the order they lie in the file. */
  readonly lengths: readonly number[];
}

const columnsOf = (columns: IndexColumns) => [
  columns.folderTimes,
  columns.sizes,
  columns.times,
  columns.folderOf,
  columns.nameStarts,
  columns.hashes,
  columns.marks,
  columns.names,
];

/** Keeps an index, beside its place first. A disk that is full or read-only costs time later, and nothing else. */
export function writeIndex(file: string, index: FileIndex): void {
  const { folders } = index.columns;
  const columns = columnsOf(index.columns).map((column) =>
    Buffer.from(column.buffer, column.byteOffset, column.byteLength),
  );
  const header: Header = {
    fingerprint: index.fingerprint,
    folders,
    lengths: columns.map(({ length }) => length),
  };
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  const body = Buffer.concat([start, size, text, ...columns]);
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(part, Buffer.concat([body, createHash('sha256').update(body).digest()]));
    renameSync(part, file);
  } catch {
    // the index is made again
  }
}

/** A kept index, of a folder that may have moved; undefined where there is none or it is damaged. */
export function readIndex(file: string, root: string): FileIndex | undefined {
  try {
    const bytes = readFileSync(file);
    const body = bytes.subarray(0, -checksumBytes);
    const checksum = createHash('sha256').update(body).digest();
    if (!body.subarray(0, start.length).equals(start) || !checksum.equals(bytes.subarray(-checksumBytes))) {
      return undefined;
    }
    let at = start.length + 4;
    const length = body.readUInt32LE(start.length);
    const { fingerprint, folders, lengths } = JSON.parse(body.toString('utf8', at, at + length)) as Header;
    at += length;
    const next = lengths.map((size) => {
      // copied, so that it is aligned for its type
      const column = new Uint8Array(body.subarray(at, at + size)).buffer;
      at += size;
      return column;
    });
    const columns: IndexColumns = {
      folders,
      folderTimes: new Float64Array(next[0]!),
      sizes: new Float64Array(next[1]!),
      times: new Float64Array(next[2]!),
      folderOf: new Uint32Array(next[3]!),
      nameStarts: new Uint32Array(next[4]!),
      hashes: new Uint8Array(next[5]!),
      marks: new Uint8Array(next[6]!),
      names: new Uint8Array(next[7]!),
    };
    return new FileIndex(root, columns, fingerprint);
  } catch {
    return undefined;
  }
}
