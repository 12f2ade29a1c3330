import { isPictureName, looksDamaged } from '../pictures.js';
import type { FileIndex } from './file-index.js';
import { type IndexOptions, indexFolder } from './index-folder.js';

/** How {@link indexPictures} keeps its index, and who hears how far it is. */
export interface PictureIndexOptions extends Pick<IndexOptions, 'cacheDir' | 'afresh'> {
  readonly report?: ((text: string) => void) | undefined;
}

/**
 * Lists the pictures below a folder, and marks those that look damaged.
 *
 * @throws FormatError BAD_FILE naming a folder that cannot be read
 */
export function indexPictures(
  root: string,
  { cacheDir, afresh, report }: PictureIndexOptions,
): Promise<FileIndex> {
  return indexFolder(root, {
    purpose: 'pictures',
    accept: isPictureName,
    mark: looksDamaged,
    cacheDir,
    afresh,
    report:
      report && ((files, all) => files % 16384 === 0 && report(`indexing ${root}: ${files} of ${all} files`)),
  });
}
