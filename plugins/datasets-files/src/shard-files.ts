import { stat } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { indexFolder } from '@limbeck/formats';
import { badData } from './failure.js';
import { splitNames } from './split-names.js';

/** A file that holds many samples. */
export interface ShardFile {
  readonly file: string;
  /** Split that its path tells. Default `train`. */
  readonly split: string;
  /** Of its content. */
  readonly hash: string;
}

/**
 * The files of a folder with an ending, in the order of their paths; or one file. Contents are read once, and again where they
 * changed.
 *
 * @param wordsOf words of a part of a path, in lower case, that may name its split
 * @throws LimbeckError NOT_FOUND, BAD_DATA where there are none
 */
export async function findShards(
  root: string,
  {
    ending,
    wordsOf,
    cacheDir,
    afresh,
    report,
  }: {
    readonly ending: string;
    readonly wordsOf: (part: string) => readonly string[];
    readonly cacheDir: string | undefined;
    readonly afresh: boolean | undefined;
    readonly report: ((line: string) => void) | undefined;
  },
): Promise<{ shards: ShardFile[]; fingerprint: string }> {
  const found = await stat(root).catch(() => undefined);
  if (found === undefined) {
    throw new LimbeckError('NOT_FOUND', `${root} does not exist`, {
      hint: `name a ${ending} file, or the folder of some, with data.path`,
      details: { path: root },
    });
  }
  const isFile = !found.isDirectory();
  const index = await indexFolder(isFile ? path.dirname(root) : root, {
    purpose: isFile ? path.basename(root) : ending.slice(1),
    accept: isFile ? (name) => name === path.basename(root) : (name) => name.endsWith(ending),
    isDeep: !isFile,
    cacheDir,
    afresh: afresh ?? false,
    report: report && ((files, all) => report(`indexing ${root}: ${files} of ${all} files`)),
  });
  if (index.length === 0)
    throw badData(root, `has no ${ending} files`, 'name the folder of the files with data.path');
  const shards = Array.from({ length: index.length }, (_, file) => ({
    file: index.fullPath(file),
    split: splitOf(index.path(file), wordsOf),
    hash: index.hash(file),
  }));
  return { shards, fingerprint: index.fingerprint };
}

/** Words of a file's own name count first, then those of the folders it lies in. */
function splitOf(place: string, wordsOf: (part: string) => readonly string[]): string {
  const parts = place.toLowerCase().split('/').reverse();
  return parts.flatMap(wordsOf).flatMap((word) => splitNames[word] ?? [])[0] ?? 'train';
}
