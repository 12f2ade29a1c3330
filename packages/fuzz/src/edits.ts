import fc from 'fast-check';

/** One damage to a file. Places are shares of its length, so that they mean something whatever the length is by then. */
export type Edit =
  | { readonly kind: 'byte'; readonly at: number; readonly value: number }
  | { readonly kind: 'bit'; readonly at: number; readonly bit: number }
  | { readonly kind: 'word'; readonly at: number; readonly value: number; readonly littleEndian: boolean }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'copy'; readonly from: number; readonly to: number; readonly length: number };

/** Values at which sizes, counts and offsets go wrong. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff] as const;

/** Even over the whole file: fast-check's doubles are nearly all tiny, and its numbers lean to their ends. */
const share = fc.noBias(fc.nat(0xffffff).map((part) => part / 0x1000000));
const length = fc.nat(64);

const byte = fc.record({ kind: fc.constant('byte' as const), at: share, value: fc.nat(255) });
const bit = fc.record({ kind: fc.constant('bit' as const), at: share, bit: fc.nat(7) });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: byte },
  { weight: 3, arbitrary: bit },
  fc.record({
    kind: fc.constant('word' as const),
    at: share,
    value: fc.constantFrom(...edges),
    littleEndian: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: share }),
  fc.record({ kind: fc.constant('remove' as const), at: share, length }),
  fc.record({ kind: fc.constant('insert' as const), at: share, bytes: fc.uint8Array({ maxLength: 16 }) }),
  fc.record({ kind: fc.constant('copy' as const), from: share, to: share, length }),
);

/** Mostly one: a file with one damage gets furthest. */
export const edits: fc.Arbitrary<Edit[]> = fc.oneof(
  { weight: 2, arbitrary: edit.map((one) => [one]) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
);

/** A copy of a file with its damages, one after the other. */
export function damaged(file: Uint8Array, list: readonly Edit[]): Uint8Array {
  return list.reduce(apply, file.slice());
}

function apply(bytes: Uint8Array, one: Edit): Uint8Array {
  const place = (part: number) => Math.floor(part * bytes.length);
  switch (one.kind) {
    case 'byte':
      if (bytes.length > 0) bytes[place(one.at)] = one.value;
      return bytes;
    case 'bit':
      if (bytes.length > 0) bytes[place(one.at)]! ^= 1 << one.bit;
      return bytes;
    case 'word': {
      const at = place(one.at);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (at + 4 <= bytes.length) view.setUint32(at, one.value, one.littleEndian);
      return bytes;
    }
    case 'cut':
      return bytes.slice(0, place(one.at));
    case 'remove':
      return spliced(bytes, place(one.at), one.length, new Uint8Array());
    case 'insert':
      return spliced(bytes, place(one.at), 0, one.bytes);
    case 'copy': {
      const from = place(one.from);
      bytes.copyWithin(place(one.to), from, from + one.length);
      return bytes;
    }
  }
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + removed));
  const result = new Uint8Array(at + added.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(rest, at + added.length);
  return result;
}
