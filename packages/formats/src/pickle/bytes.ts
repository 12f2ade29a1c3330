import { FormatError } from '../errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** A line of the text protocols is a number or a short name. */
const longestLine = 4096;
/** Python's integers have no bound; nothing in a checkpoint needs more bytes than this. */
const longestInteger = 256;

/** Takes a pickle's bytes one piece after the other; what is missing is a `FormatError` BAD_FILE. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: string;
  at: number;

  constructor(bytes: Uint8Array, source: string, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
    this.at = at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** A length in eight bytes. */
  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** Big-endian, as pickles have it. */
  f64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(length: number): string {
    const bytes = this.bytes(length);
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail('a text is not UTF-8');
    }
  }

  /** What Python 2 calls a string: text where it is UTF-8, else bytes. */
  textOrBytes(length: number): string | Uint8Array {
    const bytes = this.bytes(length);
    try {
      return utf8.decode(bytes);
    } catch {
      return bytes;
    }
  }

  /** The text up to the next line feed, which is taken too. */
  line(): string {
    const end = this.#bytes.subarray(0, this.at + longestLine).indexOf(0x0a, this.at);
    if (end === -1) this.fail('a line does not end');
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  /** A little-endian integer in two's complement. */
  integer(length: number): number | bigint {
    if (length > longestInteger) this.fail(`an integer takes ${length} bytes`);
    let value = 0n;
    const bytes = this.bytes(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    const negative = length > 0 && bytes[length - 1]! > 0x7f;
    return exact(negative ? value - (1n << BigInt(8 * length)) : value);
  }

  fail(what: string, hint?: string): never {
    throw new FormatError('BAD_FILE', `${this.#source}: ${what} (at byte ${this.at} of the pickle)`, {
      hint,
      details: { source: this.#source, byte: this.at },
    });
  }

  #take(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start) {
      this.fail(`truncated: ${length} bytes are announced, ${this.#bytes.length - start} are left`);
    }
    this.at = start + length;
    return start;
  }
}

/** A number where that is exact. */
export function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
