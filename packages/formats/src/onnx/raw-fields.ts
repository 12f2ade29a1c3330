import { FormatError } from '../errors.js';

/** A field of a protobuf message as its bytes: the whole of it, and what is inside where it has a length. */
export interface RawField {
  readonly number: number;
  /** Tag, length and value. */
  readonly whole: Uint8Array;
  /** The value of a field with a length; empty for numbers. */
  readonly content: Uint8Array;
}

/**
 * The fields of a message one by one, unread, so that some can be replaced and all others copied bit by bit.
 *
 * @throws FormatError BAD_FILE
 */
export function* rawFields(bytes: Uint8Array, source: string): Generator<RawField> {
  let at = 0;
  const fail = (what: string): never => {
    throw new FormatError('BAD_FILE', `${source}: ${what} (at byte ${at})`, { details: { source } });
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return fail('truncated');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return fail('a number does not end');
  };
  while (at < bytes.length) {
    const start = at;
    const tag = varint();
    const kind = tag % 8;
    let content = new Uint8Array();
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      if (length > bytes.length - at) fail('truncated');
      content = bytes.subarray(at, at + length) as Uint8Array<ArrayBuffer>;
      at += length;
    } else fail('a field is of no kind that is read');
    if (at > bytes.length) fail('truncated');
    yield { number: Math.floor(tag / 8), whole: bytes.subarray(start, at), content };
  }
}

/** A field with a length: its tag, its length, its content in parts. */
export function lengthField(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return [Uint8Array.from([...varintBytes(number * 8 + 2), ...varintBytes(length)]), ...content];
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}
