import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readRegular, refuseSpecial } from './regular.js';
import { writing } from './write-failure.js';

/** A text file that grows line by line. */
export class LineFile {
  readonly path: string;
  readonly #file: number;
  #bytes: number;
  #open = true;
  /** Of the content so far; made when it is first asked for. */
  #hash: Hash | undefined;

  /**
   * Opens the file, or makes it.
   *
   * @throws LimbeckError WRITE_FAILED
   */
  constructor(path: string) {
    this.path = path;
    refuseSpecial(path);
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
        this.#hash?.update(bytes.subarray(written, written + count));
        written += count;
        this.#bytes += count;
      }
    });
  }

  /** Forgets everything after the first `length` bytes. */
  truncate(length: number): void {
    writing(this.path, () => ftruncateSync(this.#file, length));
    this.#bytes = length;
    this.#hash = undefined;
  }

  /** SHA-256 of the first `length` bytes, in hexadecimal digits; of all of them without it. */
  sha256(length = this.#bytes): string {
    if (length !== this.#bytes) return sha256Of(readRegular(this.path).subarray(0, length)).digest('hex');
    this.#hash ??= sha256Of(readRegular(this.path));
    return this.#hash.copy().digest('hex');
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

const sha256Of = (bytes: Uint8Array): Hash => createHash('sha256').update(bytes);
