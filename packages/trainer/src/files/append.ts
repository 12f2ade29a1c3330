import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { writing } from './write-failure.js';

/** A text file that grows line by line. */
export class LineFile {
  readonly path: string;
  readonly #file: number;
  #bytes: number;
  #open = true;

  /**
   * Opens the file, or makes it.
   *
   * @throws LimbeckError WRITE_FAILED
   */
  constructor(path: string) {
    this.path = path;
    this.#file = writing(path, () => openSync(path, 'a'));
    this.#bytes = fstatSync(this.#file).size;
  }

  /** Length in bytes. */
  get length(): number {
    return this.#bytes;
  }

  /** @throws LimbeckError WRITE_FAILED */
  append(line: string): void {
    const bytes = new TextEncoder().encode(`${line}\n`);
    writing(this.path, () => {
      for (let written = 0; written < bytes.length; ) {
        const count = writeSync(this.#file, bytes, written, bytes.length - written);
        written += count;
        this.#bytes += count;
      }
    });
  }

  /** Forgets everything after the first `length` bytes. */
  truncate(length: number): void {
    writing(this.path, () => ftruncateSync(this.#file, length));
    this.#bytes = length;
  }

  /** Waits until the disk holds every line. */
  sync(): void {
    writing(this.path, () => fsyncSync(this.#file));
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}
