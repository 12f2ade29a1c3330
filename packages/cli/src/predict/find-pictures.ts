import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';

/** A picture, by its path below the folder that was named, with slashes. */
export interface PictureFile {
  readonly path: string;
  readonly file: string;
}

const pictures = /\.(jpe?g|png|bmp|tiff?|webp|gif)$/i;

/**
 * Pictures in a folder and the folders inside, by path; or the one picture that is named.
 *
 * @throws LimbeckError NOT_FOUND, BAD_DATA where there is none
 */
export async function findPictures(named: string, cwd: string): Promise<PictureFile[]> {
  const root = path.resolve(cwd, named);
  const found = await stat(root).catch(() => undefined);
  if (found === undefined) {
    throw new LimbeckError('NOT_FOUND', `${named} does not exist`, {
      hint: 'name a folder of pictures',
      details: { path: root },
    });
  }
  if (!found.isDirectory()) return [{ path: path.basename(root), file: root }];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && pictures.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ file, path: path.relative(root, file).split(path.sep).join('/') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length > 0) return files;
  throw new LimbeckError('BAD_DATA', `${named} has no pictures`, {
    hint: 'JPEG, PNG, WebP, GIF, BMP and TIFF files are found by their names',
    details: { path: root },
  });
}
