import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { openProto, type ProtoReader } from './reader.js';
import { ProtoWriter } from './writer.js';

const limits = { source: 'test' };
const int64 = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: 0, max: 63 }).map((bits) => BigInt.asIntN(64, 1n << BigInt(bits))),
);
const fieldNumber = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(2 ** 29 - 1));

/** The writer's bytes for whatever `write` writes. */
function written(write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter();
  write(writer);
  return writer.finish();
}

/** A reader at the first field of the bytes. */
function first(...bytes: number[]): ProtoReader {
  const reader = openProto(Uint8Array.from(bytes), limits);
  reader.next();
  return reader;
}

describe('ProtoWriter', () => {
  it('writes integers as another library does', () => {
    fc.assert(
      fc.property(fieldNumber, int64, (field, value) => {
        const other = new BinaryWriter().tag(field, WireType.Varint).int64(value).finish();
        expect(written((writer) => writer.int(field, value))).toEqual(other);
      }),
    );
  });

  it('writes every other kind of field as another library does', () => {
    const ours = written((writer) => {
      writer.bool(1, true);
      writer.float(2, 0.1);
      writer.double(3, 0.1);
      writer.string(4, 'größer');
      writer.bytes(5, Uint8Array.of(1, 2));
      writer.message(6, (inner) => inner.message(7, () => {}));
      writer.packedInts(8, [1, -1, 300n]);
      writer.packedFloats(9, [1, Number.NaN]);
      writer.packedInts(10, []);
      writer.int(11, 2n ** 64n - 1n);
    });
    const other = new BinaryWriter();
    other
      .tag(1, WireType.Varint)
      .bool(true)
      .tag(2, WireType.Bit32)
      .float(0.1)
      .tag(3, WireType.Bit64)
      .double(0.1);
    other.tag(4, WireType.LengthDelimited).string('größer').tag(5, WireType.LengthDelimited);
    other.bytes(Uint8Array.of(1, 2)).tag(6, WireType.LengthDelimited).fork();
    other.tag(7, WireType.LengthDelimited).fork().join().join();
    other.tag(8, WireType.LengthDelimited).fork().int64(1).int64(-1).int64(300).join();
    other.tag(9, WireType.LengthDelimited).fork().float(1).float(Number.NaN).join();
    other.tag(11, WireType.Varint).uint64(2n ** 64n - 1n);
    expect(ours).toEqual(other.finish());
  });

  it('keeps small and large pieces in order, at any depth', () => {
    const large = new Uint8Array(5000).fill(7);
    const bytes = written((writer) => {
      writer.string(1, 'before');
      writer.message(2, (inner) => {
        inner.bytes(1, large);
        inner.string(2, 'between');
        inner.message(3, (deep) => deep.bytes(1, large));
      });
      for (let i = 0; i < 200; i++) writer.string(3, 'after');
    });
    const reader = new BinaryReader(bytes);
    reader.tag();
    expect(reader.string()).toBe('before');
    reader.tag();
    const inner = new BinaryReader(reader.bytes());
    inner.tag();
    expect(inner.bytes()).toEqual(large);
    inner.tag();
    expect(inner.string()).toBe('between');
    inner.tag();
    expect(inner.bytes().subarray(-5000)).toEqual(large);
    for (let i = 0; i < 200; i++) {
      expect(reader.tag()[0]).toBe(3);
      expect(reader.string()).toBe('after');
    }
    expect(reader.pos).toBe(bytes.length);
  });

  it.each([0.5, Number.NaN, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n])('refuses the integer %s', (value) => {
    expect(() => new ProtoWriter().int(1, value)).toThrow(FormatError);
  });

  it.each([0, -1, 2 ** 29, 1.5])('refuses the field number %s', (field) => {
    expect(() => new ProtoWriter().int(field, 1)).toThrow('no protobuf field number');
  });

  it('refuses a message beyond the bound', () => {
    const writer = new ProtoWriter();
    writer.string(1, 'abc');
    expect(() => writer.finish(4)).toThrow('the message takes 5 bytes, at most 4 can be read');
    expect(writer.finish(5)).toHaveLength(5);
  });
});

describe('ProtoReader', () => {
  it('reads integers back, as numbers where exact', () => {
    fc.assert(
      fc.property(fieldNumber, int64, (field, value) => {
        const reader = openProto(
          written((writer) => writer.int(field, value)),
          limits,
        );
        expect(reader.next()).toBe(true);
        expect(reader.field).toBe(field);
        const safe = Number.isSafeInteger(Number(value));
        expect(reader.int()).toBe(safe ? Number(value) : BigInt(value));
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it('reads lists, packed and one by one', () => {
    const reader = openProto(
      written((writer) => {
        writer.packedInts(1, [1, -2, 2n ** 62n]);
        writer.int(1, 3);
        writer.packedFloats(2, [0.5]);
        writer.float(2, 1.5);
        writer.double(3, 0.1);
        writer.packedInts(4, [2n ** 64n - 1n]);
      }),
      limits,
    );
    const ints: (number | bigint)[] = [];
    const floats: number[] = [];
    const double = new Float64Array(1);
    const unsigned = new BigUint64Array(1);
    while (reader.next()) {
      if (reader.field === 1) reader.ints(ints);
      else if (reader.field === 2) reader.floats(floats);
      else if (reader.field === 3) expect(reader.fill('float64', double, 0)).toBe(1);
      else expect(reader.fill('uint64', unsigned, 0)).toBe(1);
    }
    expect(ints).toEqual([1, -2, 2n ** 62n, 3]);
    expect(floats).toEqual([0.5, 1.5]);
    expect([...double]).toEqual([0.1]);
    expect([...unsigned]).toEqual([2n ** 64n - 1n]);
  });

  it('counts the values of lists and fills arrays with them, part by part', () => {
    const bytes = written((writer) => {
      writer.packedInts(1, [1, 300, -1]);
      writer.int(1, 7);
      writer.packedFloats(2, [0.5, 0.1]);
      writer.float(2, 1.5);
    });
    const counts = [0, 0, 0];
    const reader = openProto(bytes, limits);
    while (reader.next()) counts[reader.field]! += reader.count(reader.field === 1 ? 'int' : 'float');
    expect(counts).toEqual([0, 4, 3]);
    const ints = new Int16Array(4);
    const floats = new Float32Array(3);
    const at = [0, 0, 0];
    const again = reader.again();
    while (again.next()) {
      const { field } = again;
      at[field] = field === 1 ? again.fill('int16', ints, at[1]!) : again.fill('float32', floats, at[2]!);
    }
    expect([...ints]).toEqual([1, 300, -1, 7]);
    expect(floats).toEqual(Float32Array.of(0.5, 0.1, 1.5));
  });

  it('says where an integer does not fit an array', () => {
    const reader = openProto(
      written((writer) => writer.packedInts(1, [1, 300, 2])),
      limits,
    );
    reader.next();
    expect(reader.fill('uint8', new Uint8Array(3), 0)).toBe(-1);
  });

  it('skips what is not read, of every wire type', () => {
    const reader = openProto(
      written((writer) => {
        writer.int(1, -1);
        writer.float(2, 1);
        writer.double(3, 1);
        writer.string(4, 'text');
        writer.int(5, 42);
      }),
      limits,
    );
    const seen: number[] = [];
    while (reader.next()) seen.push(reader.field);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('hands out byte strings as views', () => {
    const bytes = written((writer) => writer.bytes(1, Uint8Array.of(1, 2, 3)));
    const reader = openProto(bytes, limits);
    reader.next();
    const view = reader.bytes();
    expect(view.buffer).toBe(bytes.buffer);
    expect([...view]).toEqual([1, 2, 3]);
  });

  it.each<[string, () => unknown, string]>([
    ['a group', () => first(0x0b, 0x0c).next(), 'wire type 3, which is not read'],
    ['an unknown wire type', () => first(0x0e).next(), 'wire type 6, which is not read'],
    ['field number 0', () => first(0x00, 0x00), 'a field number is invalid'],
    ['a field number beyond 2^29', () => first(0x80, 0x80, 0x80, 0x80, 0x10, 0), 'a field number is invalid'],
    ['an integer that stops', () => first(0x08, 0x80).int(), 'truncated within an integer (at byte 2)'],
    ['an integer of 11 bytes', () => first(0x08, ...Array(10).fill(0x80), 0).int(), 'longer than ten bytes'],
    ['an integer of 65 bits', () => first(0x08, ...Array(9).fill(0xff), 2).int(), 'does not fit 64 bits'],
    ['a float that stops', () => first(0x0d, 0, 0).float(), 'truncated: 4 bytes are announced, 2 are left'],
    [
      'a huge string',
      () => first(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07).bytes(),
      'truncated: 35184372088831 bytes',
    ],
    ['a huge string that is skipped', () => first(0x0a, 0xff, 0x7f).next(), 'truncated: 16383 bytes'],
    ['text that is not UTF-8', () => first(0x0a, 1, 0xff).string(), 'a string is not UTF-8 text (at byte 1)'],
    ['a field of another type', () => first(0x08, 1).string(), 'field 1 has the wire type 0, not 2'],
    [
      'a packed list that ends within a value',
      () => first(0x0a, 3, 0, 0, 0, 0).floats([]),
      'truncated: 4 bytes',
    ],
  ])('refuses %s', (_, read, message) => {
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it('bounds the depth of nested messages', () => {
    let bytes: Uint8Array = new Uint8Array();
    for (let i = 0; i < 3; i++) bytes = written((writer) => writer.bytes(1, bytes));
    const descend = (reader: ProtoReader): void => {
      while (reader.next()) descend(reader.message());
    };
    descend(openProto(bytes, { ...limits, maxDepth: 3 }));
    expect(() => descend(openProto(bytes, { ...limits, maxDepth: 2 }))).toThrow('more than 2 levels deep');
  });

  it('bounds lists and the memory that is taken', () => {
    const list = written((writer) => writer.packedInts(1, [1, 2, 3]));
    const ints = (most: number) => {
      const reader = openProto(list, limits);
      reader.next();
      reader.ints([], most);
    };
    ints(3);
    expect(() => ints(2)).toThrow('a list has more than 2 values');
    const reader = openProto(list, limits);
    reader.take(64 << 20);
    expect(() => reader.take(100)).toThrow('out of proportion to a file of 5');
  });

  it('reads any bytes to their end or refuses them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const walk = (reader: ProtoReader, depth: number): void => {
          while (reader.next()) if (reader.field % 2 === 0 && depth < 5) walk(reader.message(), depth + 1);
        };
        try {
          walk(openProto(bytes, limits), 0);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
