import { readFileSync } from 'node:fs';
import { allocate, type DType, type TensorData, tensorData } from '@limbeck/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { readSafetensors } from './read.js';
import { layoutSafetensors, writeSafetensors } from './write.js';

/** A file from a header and data bytes, right or wrong. */
function file(header: string | object, data: ArrayLike<number> = [], length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

/** A one-tensor file. */
function single(
  dtype: string,
  shape: unknown,
  data: ArrayLike<number>,
  data_offsets: unknown = [0, data.length],
) {
  return file({ t: { dtype, shape, data_offsets } }, data);
}

function bytesOf(data: ArrayBufferView): number[] {
  return [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

describe('readSafetensors', () => {
  it('reads a file of the Python package', () => {
    const path = new URL('../../fixtures/python.safetensors', import.meta.url);
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    expect(metadata).toEqual({ format: 'np', note: 'limbeck – "quoted"' });
    expect(Object.fromEntries(tensors)).toEqual({
      'fc.weight': tensorData('float32', [2, 3], Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25)),
      half: tensorData('float32', [8], Float32Array.of(0, -0, 1, -2.5, 65504, 2 ** -24, 2 ** -14, Infinity)),
      brain: tensorData('bfloat16', [2], Uint16Array.of(0x3f80, 0xc049)),
      double: tensorData('float32', [2], Float32Array.of(Math.fround(0.1), Infinity)),
      'bn.num_batches_tracked': tensorData('int32', [], Int32Array.of(12345)),
      labels: tensorData('int32', [3], Int32Array.of(-2147483648, 7, 2147483647)),
      quantised: tensorData('int8', [1, 2], Int8Array.of(-128, 127)),
      pixels: tensorData('uint8', [3], Uint8Array.of(0, 255, 3)),
      mask: tensorData('bool', [3], Uint8Array.of(1, 0, 1)),
      empty: tensorData('float32', [0, 4]),
    });
  });

  it('keeps the order of the header, whatever the names', () => {
    const header =
      '{"10":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"2":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const { tensors } = readSafetensors(file(header, [5, 6]));
    expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
      ['10', 6],
      ['2', 5],
    ]);
  });

  it('takes __proto__ for a name like any other', () => {
    const header =
      '{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const { tensors, metadata } = readSafetensors(file(header, [5]));
    expect(tensors.get('__proto__')?.data).toEqual(Uint8Array.of(5));
    expect(Object.entries(metadata)).toEqual([['__proto__', 'x']]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('reads thousands of tiny tensors', () => {
    const tiny = Array.from({ length: 3000 }, (_, i) => [`${i}`, tensorData('uint8', [])] as const);
    expect(readSafetensors(writeSafetensors(tiny)).tensors.size).toBe(3000);
  });

  it('reads a file that starts anywhere in its buffer', () => {
    const bytes = writeSafetensors([['w', tensorData('float32', [2], Float32Array.of(1, 2))]]);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const { tensors } = readSafetensors(shifted.subarray(1));
    expect(tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
  });

  const four = [0, 0, 0, 0];
  const entry = (begin: number, end: number) => ({
    dtype: 'U8',
    shape: [end - begin],
    data_offsets: [begin, end],
  });
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), '0 bytes are too few'],
    ['a file of seven bytes', new Uint8Array(7), '7 bytes are too few'],
    [
      'an endless header',
      file('{}', [], 2n ** 63n),
      'claims 9223372036854775808 bytes, the format allows 100000000',
    ],
    ['a header longer than the file', file('{}', [], 3n), 'truncated: the header takes 3 bytes, 2 are there'],
    ['another format', file('PK  '), "does not start with '{'"],
    ['an empty header', file(''), "does not start with '{'"],
    ['a header that is not UTF-8', file('{}', [0xff], 3n), 'not UTF-8'],
    ['a header that is not JSON', file('{"a"}'), "character 4: ':' was expected"],
    ['a duplicate name', file('{"a":{},"a":{}}'), 'the key "a" occurs twice'],
    ['a tensor that is no object', file({ t: [1] }), "tensor 't' is not described by an object"],
    ['metadata that is no object', file({ __metadata__: 'x' }), "'__metadata__' is not an object"],
    ['metadata that is no text', file({ __metadata__: { epoch: 3 } }), "not a string: 'epoch'"],
    ['no dtype', file({ t: { shape: [], data_offsets: [0, 0] } }), "tensor 't' has no dtype"],
    ['a foreign dtype', single('F8_E4M3', [4], four), 'is of type F8_E4M3, which is not read'],
    ['an inherited dtype', single('toString', [4], four), 'is of type toString'],
    ['a negative size', single('U8', [-4], four), 'has no shape made of sizes'],
    ['a fractional size', single('U8', [0.5], four), 'has no shape made of sizes'],
    ['a size as text', single('U8', ['4'], four), 'has no shape made of sizes'],
    ['a huge size', single('U8', [2 ** 53], four), 'has no shape made of sizes'],
    [
      'a product beyond exact integers',
      single('F32', [2 ** 31, 2 ** 31], four),
      'impossible shape [2147483648, 2147483648]',
    ],
    [
      'a huge tensor in a small file',
      single('F32', [2 ** 40], four),
      'needs 4398046511104 bytes, its offsets span 4',
    ],
    ['one offset', single('U8', [4], four, [0]), 'no data_offsets made of two positions'],
    ['reversed offsets', single('U8', [4], four, [4, 0]), 'needs 4 bytes, its offsets span -4'],
    [
      'a size unlike the shape',
      single('F32', [2], four),
      'of type F32 and shape [2] needs 8 bytes, its offsets span 4',
    ],
    [
      'an overlap',
      file({ a: entry(0, 3), b: entry(2, 4) }, four),
      "tensor 'b' overlaps the one before it at byte 2",
    ],
    ['two tensors on the same bytes', file({ a: entry(0, 4), b: entry(0, 4) }, four), "'b' overlaps"],
    ['a hole', file({ a: entry(0, 1), b: entry(2, 4) }, four), 'bytes 1 to 2 belong to no tensor'],
    ['a hole before the first', file({ a: entry(1, 4) }, four), 'bytes 0 to 1 belong to no tensor'],
    ['missing data', file({ a: entry(0, 5) }, four), 'truncated: the tensors take 5 bytes, 4 are there'],
    ['bytes at the end', file({ a: entry(0, 3) }, four), '1 bytes follow the last tensor'],
    ['data without tensors', file({}, four), '4 bytes follow the last tensor'],
    ['a bool of 2', single('BOOL', [4], [0, 1, 2, 0]), 'bytes other than 0 and 1'],
    [
      'an integer beyond int32',
      single('I64', [1], [0, 0, 0, 128, 0, 0, 0, 0]),
      'holds 2147483648 at element 0',
    ],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => readSafetensors(bytes, { source: 'teacher.safetensors' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^teacher\.safetensors: /);
  });
});

describe('writeSafetensors', () => {
  const weights = tensorData('float32', [1], Float32Array.of(1));
  const pixels = tensorData('uint8', [3], Uint8Array.of(1, 2, 3));

  it('writes these very bytes', () => {
    const bytes = writeSafetensors(
      [
        ['p', pixels],
        ['w', weights],
      ],
      { format: 'pt' },
    );
    const header = new TextDecoder().decode(bytes.subarray(8, bytes.length - 7));
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"p":{"dtype":"U8","shape":[3],"data_offsets":[4,7]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    );
    expect(header.length % 8).toBe(0);
    expect([...bytes.subarray(-7)]).toEqual([0, 0, 0x80, 0x3f, 1, 2, 3]);
  });

  it('aligns every tensor, so that reading copies nothing', () => {
    const bytes = writeSafetensors([
      ['p', pixels],
      ['w', weights],
    ]);
    const { tensors } = readSafetensors(bytes);
    for (const [name, { data }] of tensors) expect(data.buffer, name).toBe(bytes.buffer);
  });

  it('writes only the part of a buffer that the tensor has', () => {
    const slice = Float32Array.of(9, 1, 9).subarray(1, 2);
    const bytes = writeSafetensors([['w', tensorData('float32', [1], slice)]]);
    expect(bytes).toEqual(writeSafetensors([['w', weights]]));
  });

  it.each<[string, () => unknown, string]>([
    [
      'a name twice',
      () =>
        writeSafetensors([
          ['w', weights],
          ['w', pixels],
        ]),
      "'w' occurs twice",
    ],
    [
      'the reserved name',
      () => writeSafetensors([['__metadata__', weights]]),
      "'__metadata__' cannot name a tensor",
    ],
    ['a name that is no text', () => writeSafetensors([['\ud800', weights]]), 'is not Unicode text'],
    [
      'metadata that is no text',
      () => writeSafetensors([], { a: 1 } as never),
      "the metadata 'a' is not Unicode text",
    ],
    [
      'a misshapen tensor',
      () => writeSafetensors([['w', { ...weights, shape: [2] }]]),
      "tensor 'w' has shape [2]",
    ],
  ])('refuses %s', (_, write, message) => {
    expect(write).toThrow(message);
    expect(write).toThrow(FormatError);
  });
});

describe('any state', () => {
  const dtypes: DType[] = ['float32', 'bfloat16', 'int32', 'int8', 'uint8', 'bool'];
  const tensor = fc
    .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(3), { maxLength: 3 }), fc.nat(255))
    .map(([dtype, shape, seed]): TensorData => {
      const { data } = tensorData(dtype, shape);
      const bytes = new Uint8Array(data.buffer);
      for (let i = 0; i < bytes.length; i++)
        bytes[i] = dtype === 'bool' ? (seed + i) % 2 : (seed + 37 * i) % 256;
      return { dtype, shape, data };
    });
  const name = fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text !== '__metadata__');
  const state = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 });

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(state, fc.dictionary(name, name), (tensors, metadata) => {
        const read = readSafetensors(writeSafetensors(tensors, metadata));
        expect([...read.tensors.keys()]).toEqual(tensors.map(([key]) => key));
        for (const [key, { dtype, shape, data }] of tensors) {
          const back = read.tensors.get(key)!;
          expect(back).toMatchObject({ dtype, shape });
          expect(back.data.constructor).toBe(allocate(dtype, 0).constructor);
          expect(bytesOf(back.data)).toEqual(bytesOf(data));
        }
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('once damaged is refused or read, and claims no memory beyond its size', () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      byte: fc.nat(255),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(state, fc.array(edit, { minLength: 1, maxLength: 3 }), (tensors, edits) => {
        let bytes: Uint8Array = writeSafetensors(tensors);
        for (const { at, byte, cut } of edits) {
          const index = Math.floor(at * bytes.length);
          if (cut) bytes = bytes.slice(0, index);
          else if (index < bytes.length) bytes[index] = byte;
        }
        try {
          let claimed = 0;
          for (const { data } of readSafetensors(bytes).tensors.values()) claimed += data.byteLength;
          expect(claimed).toBeLessThanOrEqual(2 * bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('layoutSafetensors', () => {
  it('says where the values of a file go, also those of float16', () => {
    const metadata = { note: 'filled in place' };
    const { header, offsets, bytes } = layoutSafetensors(
      [
        ['scale', { dtype: 'float32', shape: [1] }],
        ['half', { dtype: 'float16', shape: [3] }],
        ['codes', { dtype: 'uint8', shape: [5] }],
      ],
      metadata,
    );
    const file = new Uint8Array(bytes);
    file.set(header);
    new Float32Array(file.buffer, offsets.get('scale'), 1).set([0.5]);
    new Uint16Array(file.buffer, offsets.get('half'), 3).set([0x3c00, 0xc100, 0x7bff]);
    file.set([1, 2, 3, 4, 5], offsets.get('codes'));
    const read = readSafetensors(file);
    expect({ ...read.metadata }).toEqual(metadata);
    expect(Object.fromEntries(read.tensors)).toEqual({
      scale: tensorData('float32', [1], Float32Array.of(0.5)),
      half: tensorData('float32', [3], Float32Array.of(1, -2.5, 65504)),
      codes: tensorData('uint8', [5], Uint8Array.of(1, 2, 3, 4, 5)),
    });
  });

  it('refuses a shape that nothing can have', () => {
    expect(() => layoutSafetensors([['w', { dtype: 'float32', shape: [2 ** 40, 2 ** 40] }]])).toThrow(
      "tensor 'w' has the impossible shape",
    );
  });
});
