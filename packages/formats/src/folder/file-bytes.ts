import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../tar/entries.js';

/** Reads parts of a file through a window, so that many small parts cost few reads. */
export function fileBytes(file: string): { size: number; read: ByteSource; close(): void } {
  const handle = openSync(file, 'r');
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
