import { closeSync, fstatSync, readSync } from 'node:fs';
import { FormatError } from '../errors.js';
import type { ByteSource } from '../tar/entries.js';
import { openRegularFileSync } from './regular-file.js';

/** @throws FormatError BAD_FILE where it cannot be read */
function opened(file: string): number {
  try {
    return openRegularFileSync(file);
  } catch (cause) {
    throw new FormatError('BAD_FILE', `cannot read ${file}: ${(cause as Error).message}`, {
      hint: 'put the file back, or make it readable',
      details: { path: file },
      cause,
    });
  }
}

/** Reads parts of a file through a window, so that many small parts cost few reads. */
export function fileBytes(file: string): { size: number; read: ByteSource; close(): void } {
  const handle = opened(file);
  let window = new Uint8Array(0);
  let start = 0;
  return {
    size: fstatSync(handle).size,
    read(offset, length) {
      if (offset < start || offset + length > start + window.length) {
        const bytes = new Uint8Array(Math.max(length, 1 << 16));
        window = bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, offset));
        start = offset;
      }
      return window.subarray(offset - start, offset - start + length);
    },
    close: () => closeSync(handle),
  };
}
