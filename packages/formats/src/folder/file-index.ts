import { createHash } from 'node:crypto';

/** Bytes of a file's hash that are kept: the first half of its SHA-256. */
export const hashBytes = 16;

/** The columns of an index, one entry a file. */
export interface IndexColumns {
  /** Paths of folders relative to the root, with slashes, in the order of the walk. */
  readonly folders: readonly string[];
  /** When each folder changed last, in milliseconds. */
  readonly folderTimes: Float64Array;
  /** Which folder a file is in. */
  readonly folderOf: Uint32Array;
  /** Names in UTF-8 one after the other, and where each begins; one more entry says where the last ends. */
  readonly names: Uint8Array;
  readonly nameStarts: Uint32Array;
  readonly sizes: Float64Array;
  readonly times: Float64Array;
  /** {@link hashBytes} for each file. */
  readonly hashes: Uint8Array;
  /** What whoever made the index says about each file's content; 0 for nothing. */
  readonly marks: Uint8Array;
}

/** Files by their places in a list. */
export interface PickedFiles {
  readonly length: number;
  /** Places of those that are marked. */
  readonly suspects: readonly number[];
  open(place: number): { readonly file: string };
  nameOf(place: number): string;
  hashOf(place: number): string;
}

/**
 * The files below a folder: relative paths, sizes and hashes of their content, in order. It takes some 100 bytes a file, so
 * that millions fit.
 */
export class FileIndex {
  readonly root: string;
  readonly columns: IndexColumns;
  /** Of paths, sizes and contents; times and where the folder lies do not count. */
  readonly fingerprint: string;

  constructor(root: string, columns: IndexColumns, fingerprint = fingerprintOf(columns)) {
    this.root = root;
    this.columns = columns;
    this.fingerprint = fingerprint;
  }

  get length(): number {
    return this.columns.folderOf.length;
  }

  get bytes(): number {
    return this.columns.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Folder of a file, relative to the root. */
  folder(file: number): string {
    return this.columns.folders[this.columns.folderOf[file]!]!;
  }

  name(file: number): string {
    const { names, nameStarts } = this.columns;
    const [start, end] = [nameStarts[file]!, nameStarts[file + 1]!];
    return Buffer.from(names.buffer, names.byteOffset + start, end - start).toString('utf8');
  }

  /** Path relative to the root, with slashes. */
  path(file: number): string {
    const folder = this.folder(file);
    return folder === '' ? this.name(file) : `${folder}/${this.name(file)}`;
  }

  /** Path as the file system takes it. */
  fullPath(file: number): string {
    return `${this.root}/${this.path(file)}`;
  }

  hash(file: number): string {
    const { hashes } = this.columns;
    return Buffer.from(hashes.buffer, hashes.byteOffset + file * hashBytes, hashBytes).toString('hex');
  }

  /** Some of the files in the given order, as samples of a data set: marked ones are suspects. */
  pick(files: Uint32Array): PickedFiles {
    const { marks } = this.columns;
    const suspects: number[] = [];
    files.forEach((file, i) => {
      if (marks[file] !== 0) suspects.push(i);
    });
    return {
      length: files.length,
      suspects,
      open: (i) => ({ file: this.fullPath(files[i]!) }),
      nameOf: (i) => this.fullPath(files[i]!),
      hashOf: (i) => this.hash(files[i]!),
    };
  }
}

function fingerprintOf({ folders, folderOf, names, nameStarts, sizes, hashes }: IndexColumns): string {
  const hash = createHash('sha256');
  // lengths and sizes as raw numbers: no two lists of files give the same bytes
  hash.update(JSON.stringify(folders));
  for (const column of [folderOf, nameStarts, sizes]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return `sha256:${hash.update(names).update(hashes).digest('hex')}`;
}
