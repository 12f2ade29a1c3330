import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { FormatError } from '../errors.js';

/** A folder and its files; paths are relative to where the walk began, with slashes, `''` for the beginning itself. */
export interface WalkedFolder {
  readonly folder: string;
  /** Sorted by code points. */
  readonly files: readonly string[];
}

/** Order of code points, in which Python sorts texts; JavaScript's own puts some characters elsewhere. */
export const byCodePoint = (a: string, b: string): number =>
  a === b ? 0 : isPlain(a) && isPlain(b) ? (a < b ? -1 : 1) : Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Whether a text has no characters beyond 16 bits. */
const isPlain = (text: string): boolean => !/[\uD800-\uDFFF]/.test(text);

/**
 * All folders below one, links followed, hidden ones included, sorted by their paths as Python's `sorted(os.walk(...))` is.
 *
 * @param accept which file names count
 * @param isDeep whether folders inside it count
 * @throws FormatError BAD_FILE where a folder cannot be read, or a link leads back to a folder above it
 */
export function walk(root: string, accept: (name: string) => boolean, isDeep = true): WalkedFolder[] {
  const found: WalkedFolder[] = [];
  const visit = (folder: string, above: readonly string[]) => {
    const full = path.join(root, folder);
    const real = reading(full, () => realpathSync(full));
    if (above.includes(real)) {
      throw new FormatError('BAD_FILE', `${full} is a link to a folder that it lies in`, {
        hint: 'remove the link',
        details: { path: full },
      });
    }
    const files: string[] = [];
    const folders: string[] = [];
    for (const entry of reading(full, () => readdirSync(full, { withFileTypes: true }))) {
      const { name } = entry;
      const kind = entry.isSymbolicLink() ? linked(path.join(full, name)) : entry;
      if (kind?.isDirectory()) {
        if (isDeep) folders.push(name);
      } else if (accept(name)) files.push(name);
    }
    found.push({ folder, files: files.sort(byCodePoint) });
    for (const name of folders) visit(folder === '' ? name : `${folder}/${name}`, [...above, real]);
  };
  visit('', []);
  return found.sort((a, b) => byCodePoint(a.folder, b.folder));
}

/** What a link leads to; a link to nothing is kept as a file, whose reading tells. */
function linked(full: string) {
  try {
    return statSync(full);
  } catch {
    return undefined;
  }
}

function reading<Result>(full: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new FormatError('BAD_FILE', `cannot read ${full}: ${(cause as Error).message}`, {
      hint: 'check that the folder is there and readable',
      details: { path: full },
      cause,
    });
  }
}
