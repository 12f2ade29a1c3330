import { Zip, ZipDeflate, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { failure } from '../testing/failure.js';
import { isZip, openZip } from './read.js';
import { writeZip } from './write.js';

const text = (value: string) => new TextEncoder().encode(value);
const zeros = new Uint8Array(100_000);

/** Where a signature stands first, or last. */
function find(bytes: Uint8Array, signature: number, last = false): number {
  const wanted = [0x50, 0x4b, signature & 0xff, signature >> 8];
  const places = [...bytes.keys()].filter((at) => wanted.every((byte, i) => bytes[at + i] === byte));
  return places.at(last ? -1 : 0)!;
}
const central = 0x0201;
const end = 0x0605;

/** A copy with some bytes written over. */
function patched(bytes: Uint8Array, at: number, values: ArrayLike<number>): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

const stored = () =>
  writeZip([
    ['a.txt', text('first')],
    ['b.txt', text('second')],
  ]);

/** An archive whose comment is another: readers that look from either side find different ones. */
function endTwice(): Uint8Array {
  const inner = new Uint8Array(22);
  inner.set([0x50, 0x4b, 5, 6]);
  const file = new Uint8Array([...stored(), ...inner]);
  const first = find(file, end);
  // the inner end says that an empty directory lies right before it
  const at = file.length - 22;
  return patched(patched(file, first + 20, [22, 0]), at + 16, [at & 255, at >> 8]);
}

describe('openZip', () => {
  it('reads stored entries as views and packed ones', () => {
    const file = zipSync({ 'a.txt': [text('first'), { level: 0 }], 'zeros.bin': zeros });
    const archive = openZip(file, 'a.zip');
    expect(archive.names).toEqual(['a.txt', 'zeros.bin']);
    expect(archive.read('a.txt')).toEqual(text('first'));
    expect(archive.read('a.txt').buffer).toBe(file.buffer);
    expect(archive.read('zeros.bin')).toEqual(zeros);
    expect(archive.sizeOf('zeros.bin')).toBe(100_000);
  });

  it('reads what was written to a stream, whose sizes follow the data', () => {
    const parts: Uint8Array[] = [];
    const zip = new Zip((_, part) => void parts.push(part));
    const entry = new ZipDeflate('a.txt');
    zip.add(entry);
    entry.push(text('first'), true);
    zip.end();
    expect(openZip(new Uint8Array(Buffer.concat(parts)), 'a.zip').read('a.txt')).toEqual(text('first'));
  });

  it('reads entries that were written without a checksum', () => {
    const file = patched(stored(), find(stored(), central) + 16, [0, 0, 0, 0]);
    expect(openZip(file, 'a.zip').read('a.txt')).toEqual(text('first'));
  });

  it('leaves folders out, and gives names no meaning', () => {
    const file = writeZip([
      ['folder/', new Uint8Array()],
      ['../../etc/passwd', text('x')],
      ['__proto__', text('y')],
    ]);
    const archive = openZip(file, 'a.zip');
    expect(archive.names).toEqual(['../../etc/passwd', '__proto__']);
    expect(archive.read('__proto__')).toEqual(text('y'));
  });

  it.each<[string, () => Uint8Array, string]>([
    ['nothing', () => new Uint8Array(), 'no end of the archive'],
    ['the first half', () => stored().subarray(0, 80), 'no end of the archive'],
    ['bytes behind the end', () => new Uint8Array([...stored(), 0]), 'no end of the archive'],
    [
      'a name twice',
      () =>
        writeZip([
          ['a', zeros],
          ['a', zeros],
        ]),
      "entry 'a' occurs twice",
    ],
    [
      'two entries in one place',
      () => {
        const file = stored();
        return patched(file, find(file, central, true) + 42, [0, 0, 0, 0]);
      },
      "entry 'b.txt' overlaps another",
    ],
    [
      'another name in place',
      () => patched(stored(), 30, text('z')),
      "entry 'a.txt' has another name in place",
    ],
    [
      'an entry beyond the file',
      () => patched(stored(), find(stored(), central) + 42, [0, 0, 0, 1]),
      'bytes belong to none of its entries',
    ],
    [
      'a huge stored size',
      () => patched(stored(), find(stored(), central) + 20, [0, 0, 0, 1, 0, 0, 0, 1]),
      "entry 'a.txt' takes 16777216 bytes",
    ],
    [
      'two sizes of a stored entry',
      () => patched(stored(), find(stored(), central) + 24, [9]),
      "entry 'a.txt' claims 9 bytes and stores 5",
    ],
    [
      'a lacking 64-bit size',
      () => patched(stored(), find(stored(), central) + 20, new Array(8).fill(255)),
      "truncated: its entry 'a.txt' takes 4294967295 bytes",
    ],
    ['encryption', () => patched(stored(), find(stored(), central) + 8, [1]), "entry 'a.txt' is encrypted"],
    [
      'another packing',
      () => patched(stored(), find(stored(), central) + 10, [93]),
      "entry 'a.txt' is packed by method 93",
    ],
    [
      'fewer entries than there are',
      () => patched(stored(), find(stored(), end) + 10, [1]),
      'its directory takes 102 bytes, its 1 entries 51',
    ],
    [
      'a million entries',
      () => patched(stored(), find(stored(), end) + 10, [0xfe, 0xff]),
      'it claims 65534 entries in a directory of 102 bytes',
    ],
    ['a part of several', () => patched(stored(), find(stored(), end) + 4, [1]), 'one part of several'],
    [
      'a name that is no text',
      () => patched(stored(), find(stored(), central) + 46, [0xff]),
      'not UTF-8 text',
    ],
    ...[
      ['packing', 8],
      ['checksum', 14],
      ['packed size', 18],
      ['size', 22],
    ].map(([what, field]): [string, () => Uint8Array, string] => [
      `another ${what} in place`,
      () => patched(stored(), Number(field), [7]),
      "entry 'a.txt' says something else in place than in the directory",
    ]),
    ['an archive in the comment of another', endTwice, 'it has two ends'],
    [
      'an empty archive behind it',
      () => new Uint8Array([...stored(), 0x50, 0x4b, 5, 6, ...new Array(18).fill(0)]),
      'its directory is not where it should be',
    ],
    [
      'bytes before the directory that belong to nothing',
      () => {
        const file = stored();
        const at = find(file, central);
        const moved = new Uint8Array([...file.subarray(0, at), 1, 2, 3, ...file.subarray(at)]);
        const start = find(moved, end) + 16;
        return patched(moved, start, [moved[start]! + 3]);
      },
      '3 bytes belong to none of its entries',
    ],
    [
      'an entry that the directory leaves out',
      () => {
        const file = stored();
        const [first, second, last] = [find(file, central), find(file, central, true), find(file, end)];
        const left = new Uint8Array([...file.subarray(0, first), ...file.subarray(second)]);
        const at = last - (second - first);
        const length = last - second;
        return patched(left, at + 8, [1, 0, 1, 0, length, 0, 0, 0]);
      },
      'bytes belong to none of its entries',
    ],
    [
      'a bomb',
      () => zipSync({ bomb: new Uint8Array(80_000_000) }, { level: 1 }),
      'claim to unpack to 80000000, over 3 times as many and 64 MiB',
    ],
  ])('refuses %s', (_, make, message) => {
    const error = failure(() => openZip(make(), 'a.zip'));
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^a\.zip: /);
  });

  it.each<[string, () => Uint8Array, string]>([
    ['a changed byte', () => patched(stored(), 64, text('F')), 'its checksum differs'],
    [
      'more than it claims',
      () => {
        const file = zipSync({ 'a.txt': zeros });
        return patched(patched(file, 22, [9, 0, 0, 0]), find(file, central) + 24, [9, 0, 0, 0]);
      },
      "entry 'a.txt' does not unpack to the 9 bytes it claims",
    ],
    [
      'less than it claims',
      () => {
        const file = zipSync({ 'a.txt': text('a'.repeat(50)) });
        return patched(patched(file, 22, [99]), find(file, central) + 24, [99]);
      },
      'does not unpack to the 99 bytes',
    ],
    [
      'a damaged stream',
      () => patched(zipSync({ 'a.txt': zeros }), 35, new Array(10).fill(255)),
      'does not unpack to the 100000 bytes',
    ],
  ])('refuses an entry with %s', (_, make, message) => {
    const archive = openZip(make(), 'a.zip');
    expect(() => archive.read('a.txt')).toThrow(FormatError);
    expect(() => archive.read('a.txt')).toThrow(message);
    expect(() => archive.read('b')).toThrow("there is no entry 'b'");
  });
});

describe('writeZip', () => {
  it('aligns every entry, keeps the comment and the order', () => {
    const entries = [
      ['10', text('ten')],
      ['2', text('two')],
    ] as const;
    const file = writeZip(entries, text('note'));
    const archive = openZip(file, 'a.zip');
    expect(isZip(file)).toBe(true);
    expect(archive.names).toEqual(['10', '2']);
    expect(archive.comment).toEqual(text('note'));
    for (const name of archive.names) expect(archive.read(name).byteOffset % 64).toBe(0);
    expect(writeZip(entries, text('note'))).toEqual(file);
  });
});
