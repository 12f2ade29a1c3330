import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { LimbeckError, type PublishedFile } from '@limbeck/core';

/** What lies at a path, held against what is published. */
export type FileState =
  | { readonly kind: 'missing' }
  | { readonly kind: 'good' }
  /** `difference` says in words what is wrong. */
  | { readonly kind: 'wrong'; readonly difference: string };

/** Compares a file with the published one; a file of another size is wrong without being read. */
export async function checkFile(path: string, file: PublishedFile, signal?: AbortSignal): Promise<FileState> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { kind: 'wrong', difference: 'it is not a file' };
    if (found.size !== file.size) {
      return { kind: 'wrong', difference: `it has ${found.size} bytes, published are ${file.size}` };
    }
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash, { signal });
    const sha256 = hash.digest('hex');
    if (sha256 === file.sha256) return { kind: 'good' };
    return { kind: 'wrong', difference: `its SHA-256 is ${sha256}, published is ${file.sha256}` };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' };
    throw new LimbeckError('BAD_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      hint: 'check that the file and its folder are readable',
      details: { path },
      cause,
    });
  }
}
