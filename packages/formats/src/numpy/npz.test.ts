import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { toStateDict } from '../weights/tensor-data.js';
import { readNpy, readNpz } from './read.js';
import { writeNpz } from './write.js';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

/** A .npy file of version 1 from its header and data, right or wrong. */
function npy(header: string, data: ArrayLike<number> = [], version = 1): Uint8Array {
  const bytes = new Uint8Array(10 + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(data, 10 + header.length);
  return bytes;
}
const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

describe('readNpz', () => {
  it.each(['numpy.npz', 'numpy-compressed.npz'])('reads what NumPy wrote: %s', (name) => {
    const { tensors, metadata, format } = readNpz(fixture(name));
    expect(format).toBe('npz');
    expect(metadata).toEqual({ note: 'drei – 3' });
    const plain = [...tensors].map(([key, { dtype, shape, data }]) => [key, dtype, shape, data]);
    expect(plain).toEqual([
      ['fc.weight', 'float32', [2, 3], Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25)],
      ['half', 'float16', [4], Uint16Array.of(0, 0xc100, 0x7bff, 0x7c00)],
      ['double', 'float64', [2], Float64Array.of(0.1, 1e300)],
      ['int64', 'int64', [2], BigInt64Array.of(-(2n ** 63n), 7n)],
      ['uint64', 'uint64', [1], BigUint64Array.of(2n ** 64n - 1n)],
      ['int32', 'int32', [2], Int32Array.of(-(2 ** 31), 7)],
      ['uint32', 'uint32', [1], Uint32Array.of(2 ** 32 - 1)],
      ['int16', 'int16', [1], Int16Array.of(-(2 ** 15))],
      ['uint16', 'uint16', [1], Uint16Array.of(2 ** 16 - 1)],
      ['int8', 'int8', [1, 2], Int8Array.of(-128, 127)],
      ['uint8', 'uint8', [2], Uint8Array.of(0, 255)],
      ['mask', 'bool', [2], Uint8Array.of(1, 0)],
      ['scalar', 'int64', [], BigInt64Array.of(12345n)],
      ['empty', 'float32', [0, 4], new Float32Array(0)],
      ['fortran', 'int16', [2, 3, 4], Int16Array.from({ length: 24 }, (_, i) => i)],
      ['big', 'float32', [2, 2], Float32Array.of(0, 1, 2, 3)],
    ]);
  });

  it('gives the state dict of a run, or says which integer does not fit one', () => {
    const { tensors } = readNpz(fixture('numpy.npz'));
    const narrow = new Map([...tensors].filter(([name]) => !/^u?int(64|32)$/.test(name)));
    const state = toStateDict(narrow, 'a.npz');
    expect(state.get('half')).toMatchObject({
      dtype: 'float32',
      data: Float32Array.of(0, -2.5, 65504, Infinity),
    });
    expect(state.get('double')?.data).toEqual(Float32Array.of(Math.fround(0.1), Infinity));
    expect(state.get('scalar')).toMatchObject({ dtype: 'int32', shape: [], data: Int32Array.of(12345) });
    expect(state.get('uint16')).toMatchObject({ dtype: 'int32', data: Int32Array.of(65535) });
    for (const [name, value] of [
      ['int64', '-9223372036854775808'],
      ['uint64', '18446744073709551615'],
      ['uint32', '4294967295'],
    ] as const) {
      const one = new Map([[name, tensors.get(name)!]]);
      expect(() => toStateDict(one, 'a.npz')).toThrow(
        `a.npz: tensor '${name}' holds ${value} at element 0, which does not fit int32`,
      );
    }
  });

  it('refuses what is no array', () => {
    const read = () => readNpz(zipSync({ 'run.py': new Uint8Array(3) }), { source: 'a.npz' });
    expect(read).toThrow("a.npz: the entry 'run.py' is no NumPy array");
  });
});

describe('readNpy', () => {
  it('reads versions 1 to 3', () => {
    const text = header('|u1', '(3,)');
    expect(readNpy(npy(text, [1, 2, 3])).tensors.get('arr_0')?.data).toEqual(Uint8Array.of(1, 2, 3));
    const long = npy(`\0\0${text}`, [1, 2, 3], 3);
    long.set([text.length, 0, 0, 0], 8);
    expect(readNpy(long).tensors.get('arr_0')?.shape).toEqual([3]);
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'no NumPy array'],
    ['a header cut short', npy(header('|u1', '(3,)')).subarray(0, 30), 'truncated within the header'],
    ['a huge header', npy(' '.repeat(20_000)), 'claims 20000 bytes, NumPy allows 10000'],
    ['version 4', npy(header('|u1', '(3,)'), [1, 2, 3], 4), 'of version 4'],
    ['code in the header', npy("__import__('os').system('x')"), 'no description of an array'],
    ['a key twice', npy("{'descr': '<f4', 'descr': '<f4', 'shape': ()}"), 'no description'],
    ['no shape', npy("{'descr': '<f4', 'fortran_order': False}"), 'no description'],
    ['a negative size', npy(header('|u1', '(-3,)')), 'no description'],
    ['a huge size', npy(header('<f4', '(9007199254740992,)')), 'no description'],
    ['a product beyond exact integers', npy(header('<f4', '(4294967296, 4294967296)')), 'impossible shape'],
    [
      'a huge array in a small file',
      npy(header('<f4', '(1000000000,)'), [1]),
      'takes 4000000000 bytes, 1 are',
    ],
    ['bytes behind the array', npy(header('|u1', '(2,)'), [1, 2, 3]), 'takes 2 bytes, 3 are there'],
    ['a bool of 2', npy(header('|b1', '(1,)'), [2]), 'other than 0 and 1'],
    ['objects', npy(header('|O', '(1,)'), [0]), 'type |O are not read'],
    ['complex numbers', npy(header('<c8', '(1,)'), [0]), 'type <c8 are not read'],
    [
      'records',
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"),
      "type [('a', '<f4')]",
    ],
    ['bfloat16', npy(header('|V2', '(1,)'), [0, 0]), 'type |V2 are not read'],
    ['text', npy(header('<U1', '(1,)'), [65, 0, 0, 0]), 'text is no tensor'],
    ['text that is not Unicode', npy(header('<U1', '()'), [0, 0, 0x11, 0]), 'not Unicode'],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => readNpy(bytes, { source: 'a.npy' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^a\.npy: /);
  });
});

describe('writeNpz', () => {
  it('reads back, tensors and metadata', () => {
    const { tensors } = readNpz(fixture('numpy.npz'));
    const metadata = { 'limbeck.backbone': 'resnet8' };
    const bytes = writeNpz(tensors, metadata);
    const back = readNpz(bytes);
    expect({ ...back.metadata }).toEqual({ ...metadata });
    const plain = (all: typeof tensors) =>
      [...all].map(([name, { dtype, shape, data }]) => [name, dtype, shape, data]);
    expect(plain(back.tensors)).toEqual(plain(tensors));
    expect(writeNpz(tensors, metadata)).toEqual(bytes);
  });

  it.each<[string, () => unknown, string]>([
    [
      'bfloat16',
      () => writeNpz([['w', { dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0) }]]),
      "tensor 'w' is bfloat16, which NumPy does not have",
    ],
    [
      'a name twice',
      () =>
        writeNpz([1, 2].map(() => ['w', { dtype: 'uint8', shape: [1], data: Uint8Array.of(0) }] as const)),
      "'w' occurs twice",
    ],
    ['endless metadata', () => writeNpz([], { a: 'x'.repeat(70_000) }), 'an archive allows 65535'],
    ['metadata that is no text', () => writeNpz([], { a: '\ud800' }), "metadata 'a' is not Unicode text"],
  ])('refuses %s', (_, write, message) => {
    expect(write).toThrow(FormatError);
    expect(write).toThrow(message);
  });
});
