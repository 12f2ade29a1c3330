import { Allowance, listed } from '../allowance.js';
import { type ElementArray, type ElementType, elementBytes } from '../element-types.js';
import { FormatError } from '../errors.js';
import { wire } from './wire.js';

/** Bounds on a message from outside. */
export interface ProtoLimits {
  /** What error messages call the data. */
  readonly source: string;
  /** Levels of messages within messages. Default 100, as the protobuf libraries have it. */
  readonly maxDepth?: number;
}

/** What all readers of one file share. */
interface Session {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly source: string;
  readonly maxDepth: number;
  readonly allowance: Allowance;
  /** Names that occur over and over: operators, attributes. */
  readonly names: Map<string, string>;
}

/** Opens a protobuf message that is not trusted. */
export function openProto(bytes: Uint8Array, limits: ProtoLimits): ProtoReader {
  const session: Session = {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    source: limits.source,
    maxDepth: limits.maxDepth ?? 100,
    allowance: new Allowance(bytes.byteLength, limits.source),
    names: new Map(),
  };
  return new ProtoReader(session, 0, bytes.byteLength, 0);
}

/** What a view of the file's bytes takes. */
const viewObject = 128;

const wireTypes = { int: wire.varint, float: wire.fixed32, double: wire.fixed64 } as const;
const widths = { int: 1, float: 4, double: 8 } as const;

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
  readonly #start: number;
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
    this.#start = start;
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
    const text = this.#text();
    this.#session.allowance.text(text.length);
    return text;
  }

  /** A string that occurs over and over: kept once. */
  name(): string {
    const text = this.#text();
    const known = this.#session.names.get(text);
    if (known !== undefined) return known;
    this.#session.allowance.text(2 * text.length);
    this.#session.names.set(text, text);
    return text;
  }

  /** A byte string, as a view of the file. */
  bytes(): Uint8Array {
    this.#session.allowance.take(viewObject);
    return this.#bytes();
  }

  #text(): string {
    const at = this.#at;
    const bytes = this.#bytes();
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail('a string is not UTF-8 text', { at });
    }
  }

  #bytes(): Uint8Array {
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
    return new ProtoReader(session, start, end, this.#depth + 1);
  }

  /** The same message, to be read from its start again. */
  again(): ProtoReader {
    return new ProtoReader(this.#session, this.#start, this.#end, this.#depth);
  }

  /** Says that what was read takes so many bytes of memory. */
  take(bytes: number): void {
    this.#session.allowance.take(bytes);
  }

  /**
   * Appends a repeated `int32` or `int64` field, packed or one by one.
   *
   * @param most length of the list, at which it is refused
   */
  ints(into: (number | bigint)[], most = Number.POSITIVE_INFINITY): void {
    this.#repeated(wire.varint, (values) => {
      if (into.length >= most) this.fail(`a list has more than ${most} values`);
      this.take(listed);
      into.push(values.#integer());
    });
  }

  /** The same of floats. */
  floats(into: number[], most = Number.POSITIVE_INFINITY): void {
    this.#repeated(wire.fixed32, (values) => {
      if (into.length >= most) this.fail(`a list has more than ${most} values`);
      this.take(listed);
      into.push(values.#view.getFloat32(values.#take(4), true));
    });
  }

  /** How many values this part of a repeated field holds; `type` is that of one of them. */
  count(type: 'int' | 'float' | 'double'): number {
    const wireType = wireTypes[type];
    if (this.#wire !== wire.bytes) {
      this.#expect(wireType);
      if (wireType === wire.varint) this.#varint();
      else this.#take(widths[type]);
      return 1;
    }
    const [start, end] = this.#span();
    if (wireType !== wire.varint) {
      const length = end - start;
      const left = length % widths[type];
      if (left > 0) this.fail(`truncated: ${widths[type]} bytes are announced, ${left} are left`);
      return length / widths[type];
    }
    const { bytes } = this.#session;
    let values = 0;
    for (let at = start; at < end; at++) if (bytes[at]! < 0x80) values++;
    if (end > start && bytes[end - 1]! > 0x7f) this.fail('truncated within an integer', { at: end });
    return values;
  }

  /**
   * Writes the values of a repeated field into an array that has room for them, from element `at` on: floats bit by bit, integers by
   * value.
   *
   * @returns the element behind the last one; -1 where an integer does not fit
   */
  fill(dtype: ElementType, into: ElementArray, at: number): number {
    if (dtype === 'float32' || dtype === 'float64') return this.#fillFloats(dtype, into, at);
    let next = at;
    let fits = true;
    this.#repeated(wire.varint, (values) => {
      if (!values.#put(into, next++)) fits = false;
    });
    return fits ? next : -1;
  }

  #fillFloats(dtype: 'float32' | 'float64', into: ElementArray, at: number): number {
    const width = elementBytes(dtype);
    const wireType = wireTypes[dtype === 'float32' ? 'float' : 'double'];
    let [start, end] = [0, 0];
    if (this.#wire === wire.bytes) [start, end] = this.#span();
    else {
      this.#expect(wireType);
      start = this.#take(width);
      end = this.#at;
    }
    const target = new Uint8Array(into.buffer, into.byteOffset + at * width, end - start);
    target.set(this.#session.bytes.subarray(start, end));
    return at + (end - start) / width;
  }

  /** Reads an integer into an element; false where it does not fit. */
  #put(into: ElementArray, at: number): boolean {
    this.#varint();
    if (into instanceof BigInt64Array || into instanceof BigUint64Array) {
      const halves = new DataView(into.buffer, into.byteOffset);
      halves.setUint32(8 * at, this.#low, true);
      halves.setUint32(8 * at + 4, this.#high, true);
      return true;
    }
    const high = this.#high | 0;
    // negative numbers are extended to 64 bits
    const value = high === -1 ? this.#low - 2 ** 32 : this.#low;
    into[at] = value;
    return (high === 0 || high === -1) && into[at] === value;
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
