import { FormatError } from '../errors.js';
import { wire } from './wire.js';

/** Bounds on a message from outside. */
export interface ProtoLimits {
  /** What error messages call the data. */
  readonly source: string;
  /** Levels of messages within messages. Default 100, as the protobuf libraries have it. */
  readonly maxDepth?: number;
  /**
   * Nested messages in all. Each becomes an object while it may take only two bytes of the file, so this bounds the
   * memory that a hostile file can claim. Default 1,000,000; the largest models have some 100,000 nodes.
   */
  readonly maxMessages?: number;
}

/** What all readers of one file share. */
interface Session {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly source: string;
  readonly maxDepth: number;
  messagesLeft: number;
}

/** Opens a protobuf message that is not trusted. */
export function openProto(bytes: Uint8Array, limits: ProtoLimits): ProtoReader {
  const session: Session = {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    source: limits.source,
    maxDepth: limits.maxDepth ?? 100,
    messagesLeft: limits.maxMessages ?? 1_000_000,
  };
  return new ProtoReader(session, 0, bytes.byteLength, 0);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a protobuf message, field by field; made by {@link openProto}. A field that is not read is skipped. Every
 * departure from the encoding is a `FormatError` BAD_FILE that names the source and the byte.
 *
 * @example
 * while (reader.next()) {
 *   if (reader.field === 1) name = reader.string();
 *   else if (reader.field === 2) readShape(reader.message());
 * }
 */
export class ProtoReader {
  /** Number of the field that {@link next} moved to. */
  field = 0;
  readonly #session: Session;
  readonly #end: number;
  readonly #depth: number;
  #at: number;
  #wire = 0;
  /** Whether the value of `field` is still to be read. */
  #pending = false;
  /** The varint read last, as two unsigned halves. */
  #low = 0;
  #high = 0;

  constructor(session: Session, start: number, end: number, depth: number) {
    this.#session = session;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#pending) this.#skip();
    if (this.#at === this.#end) return false;
    this.#varint();
    this.field = this.#low >>> 3;
    this.#wire = this.#low & 7;
    if (this.#high !== 0 || this.field === 0) this.fail('a field number is invalid');
    this.#pending = true;
    return true;
  }

  /** An `int64`: a number where that is exact, a bigint elsewhere. For `uint64` see {@link uint64s}. */
  int(): number | bigint {
    this.#expect(wire.varint);
    return this.#integer();
  }

  /** An `int32`, `bool` or enum: the low 32 bits, as all protobuf readers take them. */
  int32(): number {
    this.#expect(wire.varint);
    this.#varint();
    return this.#low | 0;
  }

  float(): number {
    this.#expect(wire.fixed32);
    return this.#view.getFloat32(this.#take(4), true);
  }

  double(): number {
    this.#expect(wire.fixed64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  string(): string {
    const at = this.#at;
    const bytes = this.bytes();
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail('a string is not UTF-8 text', { at });
    }
  }

  /** A byte string, as a view of the file. */
  bytes(): Uint8Array {
    const [start, end] = this.#span();
    const { bytes } = this.#session;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  }

  /** A nested message, to be read on its own; this reader is already behind it. */
  message(): ProtoReader {
    const [start, end] = this.#span();
    const session = this.#session;
    if (this.#depth >= session.maxDepth) {
      this.fail(`messages are nested more than ${session.maxDepth} levels deep`, { at: start });
    }
    if (session.messagesLeft-- <= 0) this.fail('there are too many nested messages', { at: start });
    return new ProtoReader(session, start, end, this.#depth + 1);
  }

  /** Appends a repeated `int32` or `int64` field, packed or one by one. */
  ints(into: (number | bigint)[]): void {
    this.#repeated(wire.varint, (values) => into.push(values.#integer()));
  }

  /** Appends a repeated `uint64` field, packed or one by one. */
  uint64s(into: bigint[]): void {
    this.#repeated(wire.varint, (values) => {
      values.#varint();
      into.push((BigInt(values.#high) << 32n) | BigInt(values.#low));
    });
  }

  /** Appends a repeated float field, packed or one by one. */
  floats(into: number[]): void {
    this.#repeated(wire.fixed32, (values) => into.push(values.#view.getFloat32(values.#take(4), true)));
  }

  /** Appends a repeated double field, packed or one by one. */
  doubles(into: number[]): void {
    this.#repeated(wire.fixed64, (values) => into.push(values.#view.getFloat64(values.#take(8), true)));
  }

  /** Throws a BAD_FILE error that names the source and the byte, by default where this reader stands. */
  fail(what: string, { at = this.#at, hint }: { at?: number; hint?: string } = {}): never {
    const { source } = this.#session;
    const details = { source, byte: at };
    throw new FormatError('BAD_FILE', `${source}: ${what} (at byte ${at})`, { hint, details });
  }

  get #view(): DataView {
    return this.#session.view;
  }

  /** Calls `readOne` for each value of the field, with a reader that ends where the values do. */
  #repeated(type: number, readOne: (values: ProtoReader) => void): void {
    if (this.#wire !== wire.bytes) {
      this.#expect(type);
      readOne(this);
      return;
    }
    const [start, end] = this.#span();
    const values = new ProtoReader(this.#session, start, end, this.#depth);
    while (values.#at < end) readOne(values);
  }

  #expect(type: number): void {
    if (!this.#pending) throw new Error(`field ${this.field} was read twice`);
    if (this.#wire !== type) this.fail(`field ${this.field} has the wire type ${this.#wire}, not ${type}`);
    this.#pending = false;
  }

  #skip(): void {
    this.#pending = false;
    if (this.#wire === wire.varint) this.#varint();
    else if (this.#wire === wire.fixed64) this.#take(8);
    else if (this.#wire === wire.fixed32) this.#take(4);
    else if (this.#wire === wire.bytes) this.#takeLength();
    else this.fail(`field ${this.field} has the wire type ${this.#wire}, which is not read`);
  }

  /** Start and end of a length-delimited value. */
  #span(): [start: number, end: number] {
    this.#expect(wire.bytes);
    const start = this.#takeLength();
    return [start, this.#at];
  }

  /** Moves behind a length and the bytes it counts; returns where they start. */
  #takeLength(): number {
    this.#varint();
    return this.#take(this.#high * 2 ** 32 + this.#low);
  }

  /** Moves `length` bytes on; returns where they start. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) {
      this.fail(`truncated: ${length} bytes are announced, ${this.#end - start} are left`);
    }
    this.#at = start + length;
    return start;
  }

  #integer(): number | bigint {
    this.#varint();
    const high = this.#high | 0;
    // Exact as a number while the upper half stays within 21 bits and a sign.
    if (high >= -0x200000 && high < 0x200000) {
      const value = high * 2 ** 32 + this.#low;
      if (Number.isSafeInteger(value)) return value;
    }
    return (BigInt(high) << 32n) | BigInt(this.#low);
  }

  #varint(): void {
    const { bytes } = this.#session;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at === this.#end) this.fail('truncated within an integer');
      const byte = bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte > 0x7f) continue;
      if (shift === 63 && byte > 1) this.fail('an integer does not fit 64 bits');
      this.#low = low >>> 0;
      this.#high = high >>> 0;
      return;
    }
    this.fail('an integer is longer than ten bytes');
  }
}
