import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * What was found out about a file, kept as JSON under a name that follows from the file's content. A cache that cannot be written
 * costs time later, and nothing else.
 *
 * @param file undefined where nothing is kept
 */
export async function kept<Value>(file: string | undefined, make: () => Promise<Value>): Promise<Value> {
  if (file === undefined) return make();
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Value;
  } catch {
    const value = await make();
    const part = `${file}.${process.pid}.part`;
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(part, JSON.stringify(value));
      await rename(part, file);
    } catch {
      // it is found out again
    }
    return value;
  }
}
