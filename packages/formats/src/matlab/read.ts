import { inflateSync } from 'node:zlib';
import { FormatError, type ReadOptions } from '../errors.js';

/** A struct or an array of structs: the values of each field in order. */
export interface MatlabStruct {
  readonly fields: ReadonlyMap<string, readonly MatlabValue[]>;
}

/** A value of a file: a text, numbers in column order, or structs. Others are undefined. */
export type MatlabValue = string | readonly number[] | MatlabStruct | undefined;

/** Types of data elements, and classes of arrays, by the numbers that the format gives them. */
const types = { matrix: 14, compressed: 15 } as const;
const classes = { struct: 2, text: 4, firstNumber: 6, lastNumber: 15 } as const;
const headerBytes = 128;
/** Bytes that a file may unpack to: these are tables of names and numbers. */
const largest = 64 << 20;
const deepest = 8;

/**
 * Reads the variables of a MATLAB file of version 5, as MATLAB and SciPy write it: texts, real numbers and structs. The file need
 * not be trusted.
 *
 * @throws FormatError BAD_FILE
 */
export function readMatlab(
  bytes: Uint8Array,
  { source = 'the file' }: ReadOptions = {},
): ReadonlyMap<string, MatlabValue> {
  try {
    return new MatlabReader(bytes).variables();
  } catch (cause) {
    throw new FormatError(
      'BAD_FILE',
      `${source} is no MATLAB file that can be read: ${(cause as Error).message}`,
      {
        hint: 'fetch or copy the file again',
        details: { source },
        cause,
      },
    );
  }
}

interface Element {
  readonly type: number;
  readonly content: Uint8Array;
  /** First byte of the next one. */
  readonly next: number;
}

class MatlabReader {
  readonly #bytes: Uint8Array;
  #left = largest;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  variables(): ReadonlyMap<string, MatlabValue> {
    const bytes = this.#bytes;
    if (bytes.length < headerBytes || bytes[126] !== 0x49 || bytes[127] !== 0x4d) {
      throw new Error('it does not begin as one of version 5 in little-endian order');
    }
    const found = new Map<string, MatlabValue>();
    for (let at = headerBytes; at + 8 <= bytes.length; ) {
      const element = this.#element(bytes, at);
      at = element.next;
      const { type, content } =
        element.type === types.compressed ? this.#element(this.#unpacked(element.content), 0) : element;
      if (type !== types.matrix) continue;
      const { name, value } = this.#matrix(content, 0);
      found.set(name, value);
    }
    return found;
  }

  #unpacked(packed: Uint8Array): Uint8Array {
    const unpacked = inflateSync(packed, { maxOutputLength: this.#left });
    this.#left -= unpacked.length;
    return unpacked;
  }

  #element(bytes: Uint8Array, at: number): Element {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const first = view.getUint32(at, true);
    const isSmall = first >>> 16 !== 0;
    const [type, length, start] = isSmall
      ? [first & 0xffff, first >>> 16, at + 4]
      : [first, view.getUint32(at + 4, true), at + 8];
    if (start + length > bytes.length) throw new Error('it is cut short');
    // compressed elements are followed at once, all others at a multiple of 8
    const end = isSmall ? at + 8 : start + length;
    const next = isSmall || type === types.compressed ? end : start + Math.ceil(length / 8) * 8;
    return { type, content: bytes.subarray(start, start + length), next };
  }

  #matrix(bytes: Uint8Array, depth: number): { name: string; value: MatlabValue } {
    if (bytes.length === 0) return { name: '', value: undefined };
    if (depth > deepest) throw new Error('its structs are nested too deep');
    let at = 0;
    const next = (): Element => {
      const element = this.#element(bytes, at);
      at = element.next;
      return element;
    };
    const kind = next().content[0] ?? 0;
    const extents = numbersOf(next());
    const count = extents.reduce((product, extent) => product * extent, 1);
    const name = Buffer.from(next().content).toString('latin1');
    if (kind === classes.struct) {
      const width = numbersOf(next())[0] ?? 0;
      const names = next().content;
      if (width <= 0) throw new Error('a struct has no room for names');
      const fields = Array.from({ length: Math.floor(names.length / width) }, (_, i) =>
        Buffer.from(names.subarray(i * width, (i + 1) * width))
          .toString('latin1')
          .replace(/\0[\s\S]*$/, ''),
      );
      // every value takes eight bytes at least
      if (count * fields.length * 8 > bytes.length) throw new Error('it is cut short');
      const values = new Map<string, MatlabValue[]>(fields.map((field) => [field, []]));
      for (let i = 0; i < count; i++) {
        for (const field of fields) values.get(field)!.push(this.#matrix(next().content, depth + 1).value);
      }
      return { name, value: { fields: values } };
    }
    if (kind === classes.text) {
      const { type, content } = next();
      return { name, value: textOf(type, content) };
    }
    if (kind < classes.firstNumber || kind > classes.lastNumber) return { name, value: undefined };
    return { name, value: numbersOf(next()) };
  }
}

function textOf(type: number, content: Uint8Array): string {
  // 16-bit characters, UTF-16 and UTF-32; bytes are UTF-8 or ASCII
  if (type === 4 || type === 17) return Buffer.from(content).toString('utf16le');
  return Buffer.from(content).toString('utf8');
}

/** Numbers of an element, whichever type they are stored as. */
function numbersOf({ type, content }: Element): number[] {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const reader = readers[type];
  if (reader === undefined) throw new Error(`it holds data of type ${type}`);
  const [size, read] = reader;
  return Array.from({ length: Math.floor(content.length / size) }, (_, i) => read(view, i * size));
}

const readers: Readonly<Record<number, readonly [size: number, (view: DataView, at: number) => number]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [2, (view, at) => view.getUint16(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getUint32(at, true)],
  7: [4, (view, at) => view.getFloat32(at, true)],
  9: [8, (view, at) => view.getFloat64(at, true)],
  12: [8, (view, at) => Number(view.getBigInt64(at, true))],
  13: [8, (view, at) => Number(view.getBigUint64(at, true))],
};
