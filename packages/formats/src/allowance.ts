import { FormatError } from './errors.js';

/** Memory that small files may take beyond their size: a header of many short names, a graph of many small nodes. */
const spare = 64 << 20;
/** Bytes of memory for every byte of a file, beside the file itself. */
const perByte = 2;

/** A value that is held as an element of a list. */
export const listed = 16;
/** What a short text takes beside its characters. */
const textObject = 40;

/**
 * Bounds the memory that is taken for what a file describes, whatever its bytes claim. Readers say what they are about to
 * keep, in bytes as Node's heap has them; what is only a view of the file costs next to nothing.
 */
export class Allowance {
  readonly #source: string;
  readonly #fileBytes: number;
  #left: number;

  constructor(fileBytes: number, source: string) {
    this.#source = source;
    this.#fileBytes = fileBytes;
    this.#left = spare + perByte * fileBytes;
  }

  /** @throws FormatError BAD_FILE where so much is out of proportion to the file */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    const most = spare + perByte * this.#fileBytes;
    throw new FormatError(
      'BAD_FILE',
      `${this.#source}: what it describes takes over ${most} bytes of memory, out of proportion to a file of ${this.#fileBytes}`,
      {
        hint: 'if the file can be trusted, save it again: tensors as raw data, without compression',
        details: { source: this.#source },
      },
    );
  }

  /** Takes what a text of so many characters needs. */
  text(length: number): void {
    this.take(textObject + length);
  }
}
