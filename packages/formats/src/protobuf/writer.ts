import { FormatError } from '../errors.js';
import { maxField, wire } from './wire.js';

/** Byte strings from this length on are kept by reference and copied once, by {@link ProtoWriter.finish}. */
const largeBytes = 1024;
/** The protobuf libraries refuse messages of 2 GiB and more. */
const maxMessageBytes = 2 ** 31 - 1;

/**
 * Writes protobuf messages, field by field; fields with a default value are written too. Nested messages are written
 * through a callback.
 *
 * @example
 * const writer = new ProtoWriter();
 * writer.string(1, 'conv1');
 * writer.message(2, (inner) => inner.int(1, 64));
 * const bytes = writer.finish();
 */
export class ProtoWriter {
  /** Finished pieces, in order. */
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  /** The piece being written: `#scratch` from `#start` to `#end`. */
  #scratch = new Uint8Array(64);
  #start = 0;
  #end = 0;

  /** Bytes written so far. */
  get byteLength(): number {
    return this.#chunkBytes + this.#end - this.#start;
  }

  /** `int32`, `int64`, `uint32`, `uint64` (from -2^63 to 2^64 - 1) and enum fields. */
  int(field: number, value: number | bigint): void {
    this.#tag(field, wire.varint);
    this.#integer(value);
  }

  bool(field: number, value: boolean): void {
    this.int(field, value ? 1 : 0);
  }

  float(field: number, value: number): void {
    this.#tag(field, wire.fixed32);
    this.#reserve(4);
    new DataView(this.#scratch.buffer).setFloat32(this.#end, value, true);
    this.#end += 4;
  }

  double(field: number, value: number): void {
    this.#tag(field, wire.fixed64);
    this.#reserve(8);
    new DataView(this.#scratch.buffer).setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  string(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value));
  }

  /** A byte string. Do not change `value` before {@link finish}. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, wire.bytes);
    this.#integer(value.byteLength);
    this.#append(value);
  }

  message(field: number, write: (inner: ProtoWriter) => void): void {
    const inner = new ProtoWriter();
    write(inner);
    inner.#flush();
    this.#tag(field, wire.bytes);
    this.#integer(inner.#chunkBytes);
    for (const chunk of inner.#chunks) this.#append(chunk);
  }

  /** A packed repeated field of integers; an empty one is left out. */
  packedInts(field: number, values: Iterable<number | bigint>): void {
    this.#packed(field, (inner) => {
      for (const value of values) inner.#integer(value);
    });
  }

  /** A packed repeated field of floats; an empty one is left out. */
  packedFloats(field: number, values: Iterable<number>): void {
    this.#packed(field, (inner) => {
      for (const value of values) {
        inner.#reserve(4);
        new DataView(inner.#scratch.buffer).setFloat32(inner.#end, value, true);
        inner.#end += 4;
      }
    });
  }

  /**
   * The message, in one array.
   *
   * @throws FormatError BAD_DATA from 2 GiB on, which no reader takes.
   */
  finish(maxBytes = maxMessageBytes): Uint8Array {
    if (this.byteLength > maxBytes) {
      throw new FormatError(
        'BAD_DATA',
        `the message takes ${this.byteLength} bytes, at most ${maxBytes} can be read`,
      );
    }
    this.#flush();
    const message = new Uint8Array(this.#chunkBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      message.set(chunk, at);
      at += chunk.byteLength;
    }
    return message;
  }

  #packed(field: number, write: (inner: ProtoWriter) => void): void {
    const inner = new ProtoWriter();
    write(inner);
    if (inner.byteLength > 0) this.bytes(field, inner.finish());
  }

  #tag(field: number, type: number): void {
    if (!Number.isInteger(field) || field < 1 || field > maxField) {
      throw new RangeError(`${field} is no protobuf field number`);
    }
    // Above 2^28 the shift would reach the sign bit, hence the multiplication.
    this.#integer(field * 8 + type);
  }

  #integer(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
      let rest = value;
      for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#scratch[this.#end++] = (rest % 128) | 0x80;
      this.#scratch[this.#end++] = rest;
      return;
    }
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new FormatError('BAD_DATA', `${value} is not an integer that a number holds exactly`);
    }
    const wide = BigInt(value);
    if (wide < -(2n ** 63n) || wide >= 2n ** 64n) {
      throw new FormatError('BAD_DATA', `${value} does not fit 64 bits`);
    }
    let rest = BigInt.asUintN(64, wide);
    for (; rest > 0x7fn; rest >>= 7n) this.#scratch[this.#end++] = Number(rest & 0x7fn) | 0x80;
    this.#scratch[this.#end++] = Number(rest);
  }

  #append(bytes: Uint8Array): void {
    if (bytes.byteLength >= largeBytes) {
      this.#flush();
      this.#chunks.push(bytes);
      this.#chunkBytes += bytes.byteLength;
      return;
    }
    this.#reserve(bytes.byteLength);
    this.#scratch.set(bytes, this.#end);
    this.#end += bytes.byteLength;
  }

  /** Makes the piece being written a finished one. Its bytes stay where they are; later ones follow in the same buffer. */
  #flush(): void {
    if (this.#end === this.#start) return;
    this.#chunks.push(this.#scratch.subarray(this.#start, this.#end));
    this.#chunkBytes += this.#end - this.#start;
    this.#start = this.#end;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#scratch.byteLength) return;
    const piece = this.#scratch.subarray(this.#start, this.#end);
    this.#scratch = new Uint8Array(Math.max(2 * piece.byteLength, 64) + bytes);
    this.#scratch.set(piece);
    this.#start = 0;
    this.#end = piece.byteLength;
  }
}
