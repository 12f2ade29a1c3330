import { op } from './opcodes.js';

/** Writes a pickle of protocol 2, instruction by instruction; it grows as needed. */
export class PickleWriter {
  #bytes = new Uint8Array(1024);
  #at = 0;

  constructor() {
    this.put(op.PROTO, 2);
  }

  put(...bytes: readonly number[]): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.put(op.BINUNICODE, ...fourBytes(bytes.length));
    this.#append(bytes);
  }

  /** A count: four bytes where they hold it, else a long integer. */
  count(value: number): void {
    if (value <= 0x7fffffff) this.put(op.BININT, ...fourBytes(value));
    else this.put(op.LONG1, 8, ...fourBytes(value % 2 ** 32), ...fourBytes(Math.floor(value / 2 ** 32)));
  }

  counts(values: readonly number[]): void {
    this.put(op.MARK);
    for (const value of values) this.count(value);
    this.put(op.TUPLE);
  }

  global(module: string, name: string): void {
    this.put(op.GLOBAL);
    this.#append(new TextEncoder().encode(`${module}\n${name}\n`));
  }

  /** The pickle, closed. */
  finish(): Uint8Array {
    this.put(op.STOP);
    return this.#bytes.slice(0, this.#at);
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#at + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

const fourBytes = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
