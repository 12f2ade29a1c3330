import { type FileIndex, hashBytes } from './file-index.js';

/** What an earlier index says about files. */
export interface Known {
  /** Of a file that has the size and time it had; undefined for others. */
  find(full: string, size: number, time: number): { hash: Uint8Array; mark: number } | undefined;
}

/** Looks files up in an index that is out of date. */
export function knownFiles(index: FileIndex | undefined): Known {
  if (index === undefined) return { find: () => undefined };
  const places = new Map(Array.from({ length: index.length }, (_, file) => [index.fullPath(file), file]));
  const { sizes, times, hashes, marks } = index.columns;
  return {
    find(full, size, time) {
      const file = places.get(full);
      if (file === undefined || sizes[file] !== size || times[file] !== time) return undefined;
      return { hash: hashes.subarray(file * hashBytes, (file + 1) * hashBytes), mark: marks[file]! };
    },
  };
}
