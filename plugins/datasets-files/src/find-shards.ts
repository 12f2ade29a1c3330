import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { byCodePoint } from '@limbeck/formats';
import { badData } from './failure.js';
import { splitNames } from './split-names.js';

/** A file that holds many samples of one split. */
export interface Shard {
  readonly file: string;
  readonly split: string;
}

/**
 * The files of a folder, and of the folders inside it, with an ending; in the order of their paths.
 *
 * @param called what messages call such files
 * @param words words of a path inside the folder that may name its split; the first that does counts. Default split: `train`
 * @throws LimbeckError BAD_DATA where there are none
 */
export async function findShards(
  root: string,
  { ending, called, words }: { ending: string; called: string; words: (name: string) => readonly string[] },
): Promise<Shard[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const shards = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort(byCodePoint)
    .map((name) => ({
      file: path.join(root, name),
      split: words(name).flatMap((word) => splitNames[word.toLowerCase()] ?? [])[0] ?? 'train',
    }));
  if (shards.length > 0) return shards;
  throw badData(root, `has no ${ending} files`, `name the folder of the ${called} with data.path`);
}
