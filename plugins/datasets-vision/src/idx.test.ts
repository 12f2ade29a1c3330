import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { isLimbeckError } from '@limbeck/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIdx, readIdx } from './idx.js';

/** An IDX file of unsigned bytes, whether or not shape and values agree. */
function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 + shape.length);
  for (const [axis, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * axis);
  return Buffer.concat([header, Uint8Array.from(values)]);
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-idx-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Reads these bytes as a file; gives its contents, or the message of the failure. */
async function read(bytes: Uint8Array, maxBytes = 1000): Promise<unknown> {
  const file = path.join(folder, 'some-file');
  await writeFile(file, bytes);
  return readIdx(file, maxBytes).catch((error) => {
    if (!isLimbeckError(error) || error.code !== 'BAD_DATA' || !error.hint) throw error;
    expect(error.message).toContain(file);
    return error.message.slice(file.length + 1);
  });
}

const good = idx([2, 3], [1, 2, 3, 4, 5, 6]);

describe('readIdx', () => {
  test.each([
    ['plain', good],
    ['gzipped', gzipSync(good)],
  ])('reads a file: %s', async (_, bytes) => {
    expect(await read(bytes)).toEqual({ shape: [2, 3], values: Buffer.from([1, 2, 3, 4, 5, 6]) });
  });

  test.each([
    ['no bytes', new Uint8Array(0), 'has 0 bytes, too few for an IDX header'],
    [
      'another format',
      Buffer.from('PK\x03\x04 zip'),
      'is not an IDX file: it begins with the bytes 50 4b 03 04',
    ],
    ['no dimension', Uint8Array.of(0, 0, 8, 0), 'is not an IDX file: it begins with the bytes 00 00 08 00'],
    ['floats', Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), 'holds IDX values of type 0x0d'],
    ['half a header', good.subarray(0, 10), 'ends inside its header, after 10 bytes'],
    ['no values', idx([0, 3], []), 'is empty: it declares the shape [0, 3]'],
    ['too few values', good.subarray(0, 16), 'declares the shape [2, 3], 6 bytes, but holds 4'],
    ['too many values', idx([2, 2], [1, 2, 3, 4, 5]), 'declares the shape [2, 2], 4 bytes, but holds 5'],
    ['a huge shape', idx([0xffffffff, 0xffffffff, 0xffffffff], [1]), 'declares the shape [4294967295, '],
    ['a cut gzip file', gzipSync(good).subarray(0, 20), 'is damaged or cut short: unexpected end of file'],
    ['half a gzip header', Uint8Array.of(0x1f, 0x8b, 8), 'is damaged or cut short: '],
    ['a gzip bomb', gzipSync(Buffer.alloc(1_000_000)), 'unpacks to more than the 1000 bytes it can need'],
    ['a huge file', Buffer.alloc(100_000), 'has 100000 bytes, more than the 1000 it can need'],
  ])('refuses %s', async (_, bytes, message) => {
    expect(await read(bytes)).toContain(message);
  });

  test('refuses a damaged gzip file', async () => {
    const damaged = gzipSync(good);
    damaged[damaged.length - 6]! ^= 1;
    expect(await read(damaged)).toContain('is damaged or cut short: incorrect data check');
  });

  test('refuses a folder and a missing file', async () => {
    await mkdir(path.join(folder, 'a-folder'));
    await expect(readIdx(path.join(folder, 'a-folder'), 1000)).rejects.toThrow('a-folder is not a file');
    await expect(readIdx(path.join(folder, 'nothing'), 1000)).rejects.toThrow(
      'nothing cannot be read: ENOENT',
    );
  });

  test('reads a file of exactly the most bytes it may have', async () => {
    expect(await read(gzipSync(good), good.length)).toMatchObject({ shape: [2, 3] });
    expect(await read(gzipSync(good), good.length - 1)).toContain('unpacks to more than');
  });
});

describe('parseIdx', () => {
  test('any bytes give an array that accounts for all of them, or BAD_DATA', () => {
    const header = fc.tuple(fc.constant(0), fc.constant(0), fc.constantFrom(8, 8, 8, 9, 13), fc.nat(4));
    const extents = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 255), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.tuple(header, extents).map((parts) => Uint8Array.from(parts.flat())),
        ),
        (bytes) => {
          try {
            const { shape, values } = parseIdx(bytes, 'x');
            expect(shape.reduce((product, extent) => product * extent, 1)).toBe(values.length);
            expect(values.length + 4 + 4 * shape.length).toBe(bytes.length);
          } catch (error) {
            if (!isLimbeckError(error) || error.code !== 'BAD_DATA') throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
