import { createHash, hash as hashOnce } from 'node:crypto';
import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { FormatError } from '../errors.js';
import { FileIndex, hashBytes, type IndexColumns } from './file-index.js';
import { type Known, knownFiles } from './known-files.js';
import { openRegularFileSync } from './regular-file.js';
import { readIndex, writeIndex } from './stored-index.js';
import { walk } from './walk.js';

/** What is listed, and where the list is kept. */
export interface IndexOptions {
  /** Which file names count. */
  readonly accept: (name: string) => boolean;
  /** Whether folders inside the folder count. Default true. */
  readonly isDeep?: boolean;
  /** What decides about them, for the name under which the index is kept: `images`. */
  readonly purpose: string;
  /** Marks a file by its content, of which large ones are given the beginning: 0 to 255. */
  readonly mark?: (content: Uint8Array, size: number) => number;
  /** Folder where the index is kept. Left out: it is made anew each time. */
  readonly cacheDir?: string | undefined;
  /** Hears how many files have been read, now and then. */
  readonly report?: ((files: number, all: number) => void) | undefined;
  /** Read every file, whatever an index says. Default false. */
  readonly afresh?: boolean | undefined;
}

/** Files that are compared with an index before it is believed. */
const sampled = 1000;
/** Bytes of a file that are in memory at a time. */
const chunk = 4 << 20;
/** Files up to this size are read and hashed in one go. */
const wholeFile = 1 << 16;
/** Files read before others get their turn. */
const turn = 256;

/**
 * Lists the files below a folder with sizes and hashes. Every file is read once; afterwards the index that was kept is taken,
 * if no folder and none of up to 1,000 files spread over it has changed. Where something has, files whose size and time
 * are as they were are not read again.
 *
 * @throws FormatError BAD_FILE naming a folder that cannot be read; a file that cannot is marked 255
 */
export async function indexFolder(root: string, options: IndexOptions): Promise<FileIndex> {
  const full = path.resolve(root);
  const kept = options.cacheDir === undefined ? undefined : placeOf(options.cacheDir, full, options.purpose);
  const before = kept === undefined || options.afresh ? undefined : readIndex(kept, full);
  if (before !== undefined && isFresh(before)) return before;
  const index = await build(full, options, knownFiles(before));
  if (kept !== undefined) writeIndex(kept, index);
  return index;
}

/** The mark of a file that cannot be read. */
export const unreadable = 255;

function placeOf(cacheDir: string, root: string, purpose: string): string {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return path.join(cacheDir, 'indexes', `${path.basename(root)}-${purpose}-${name}.index`);
}

function isFresh(index: FileIndex): boolean {
  const { folders, folderTimes, sizes, times } = index.columns;
  try {
    const same = folders.every(
      (folder, i) => statSync(path.join(index.root, folder)).mtimeMs === folderTimes[i],
    );
    if (!same) return false;
    const step = Math.max(1, Math.floor(index.length / sampled));
    for (let file = 0; file < index.length; file += step) {
      const { size, mtimeMs } = statSync(index.fullPath(file));
      if (size !== sizes[file] || mtimeMs !== times[file]) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function build(root: string, options: IndexOptions, known: Known): Promise<FileIndex> {
  const walked = walk(root, options.accept, options.isDeep);
  const count = walked.reduce((sum, { files }) => sum + files.length, 0);
  const names = walked.flatMap(({ files }) => files).map((name) => Buffer.from(name));
  const nameStarts = new Uint32Array(count + 1);
  names.forEach((name, file) => {
    nameStarts[file + 1] = nameStarts[file]! + name.length;
  });
  const columns: IndexColumns = {
    folders: walked.map(({ folder }) => folder),
    folderTimes: Float64Array.from(walked, ({ folder }) => statSync(path.join(root, folder)).mtimeMs),
    folderOf: new Uint32Array(count),
    names: new Uint8Array(Buffer.concat(names)),
    nameStarts,
    sizes: new Float64Array(count),
    times: new Float64Array(count),
    hashes: new Uint8Array(count * hashBytes),
    marks: new Uint8Array(count),
  };
  let file = 0;
  for (const [i, { folder, files }] of walked.entries()) {
    for (const name of files) {
      columns.folderOf[file] = i;
      examine(columns, file, `${root}/${folder === '' ? '' : `${folder}/`}${name}`, { options, known });
      if (++file % turn === 0) {
        options.report?.(file, count);
        await new Promise(setImmediate);
      }
    }
  }
  return new FileIndex(root, columns);
}

function examine(
  { sizes, times, hashes, marks }: IndexColumns,
  file: number,
  full: string,
  { options, known }: { options: IndexOptions; known: Known },
): void {
  let handle: number | undefined;
  try {
    handle = openRegularFileSync(full);
    const { size, mtimeMs } = fstatSync(handle);
    sizes[file] = size;
    times[file] = mtimeMs;
    const before = known.find(full, size, mtimeMs);
    const { hash, mark } = before ?? contentOf(handle, size, options);
    hashes.set(hash, file * hashBytes);
    marks[file] = mark;
  } catch {
    marks[file] = unreadable;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

const buffer = { bytes: new Uint8Array(wholeFile) };

function contentOf(handle: number, size: number, { mark }: IndexOptions): { hash: Uint8Array; mark: number } {
  const wanted = Math.min(chunk, Math.max(size, 1));
  if (buffer.bytes.length < wanted) buffer.bytes = new Uint8Array(wanted);
  if (size <= wholeFile) {
    const read = size === 0 ? 0 : readSync(handle, buffer.bytes, 0, size, 0);
    if (read < size) throw new FormatError('BAD_FILE', 'the file became shorter');
    const content = buffer.bytes.subarray(0, size);
    // at once, which takes half the time for small files
    return {
      hash: hashOnce('sha256', content, 'buffer').subarray(0, hashBytes),
      mark: mark?.(content, size) ?? 0,
    };
  }
  const hash = createHash('sha256');
  let marked = 0;
  for (let at = 0; at < size; ) {
    const read = readSync(handle, buffer.bytes, 0, Math.min(chunk, size - at), at);
    if (read === 0) throw new FormatError('BAD_FILE', 'the file became shorter');
    const part = buffer.bytes.subarray(0, read);
    if (at === 0) marked = mark?.(part, size) ?? 0;
    hash.update(part);
    at += read;
  }
  return { hash: hash.digest().subarray(0, hashBytes), mark: marked };
}
