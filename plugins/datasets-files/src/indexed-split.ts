import type { Split, Targets } from '@limbeck/core';
import type { FileIndex } from '@limbeck/formats';

/** A split of files of an index, in the given order. */
export function indexedSplit(index: FileIndex, files: Uint32Array, targets: Targets): Split {
  const { marks } = index.columns;
  const suspects: number[] = [];
  files.forEach((file, sample) => {
    if (marks[file] !== 0) suspects.push(sample);
  });
  return {
    length: files.length,
    targets,
    suspects,
    open: (sample) => ({ file: index.fullPath(files[sample]!) }),
    nameOf: (sample) => index.fullPath(files[sample]!),
    hashOf: (sample) => index.hash(files[sample]!),
  };
}
