import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { looksDamaged } from '@limbeck/formats';

/** Where pictures lie in a file that they were copied to as they are encoded. */
export interface StoredPictures {
  readonly file: string;
  /** First byte of each. */
  readonly starts: Float64Array;
  readonly sizes: Float64Array;
  /** {@link hashBytes} of each. */
  readonly hashes: Uint8Array;
  /** 1 for those that look damaged. */
  readonly marks: Uint8Array;
}

/** Bytes of a picture's hash that are kept: the first half of its SHA-256. */
export const hashBytes = 16;

/** Last bytes of a store; the number changes with the layout. */
const magic = Buffer.from('limbeck-pictures-1');
const checksumBytes = 32;
const countBytes = 8;
const tailBytes = checksumBytes + countBytes + magic.length;
/** Bytes of the table for a picture: two numbers, a hash and a mark. */
const entryBytes = 8 + 8 + hashBytes + 1;

/**
 * Copies pictures to one file, which is found again by its name. Pictures with the same bytes are kept once. It grows under a
 * name of its own and is moved into place when it is whole, so that several runs may make it at once.
 *
 * @param file where it is kept; its name follows from the content it is made of
 * @param pictures encoded pictures in order; asked for only where there is no store yet
 * @throws LimbeckError WRITE_FAILED
 */
export async function storePictures(
  file: string,
  pictures: () => AsyncIterable<Uint8Array>,
): Promise<StoredPictures> {
  const kept = await readStore(file);
  if (kept !== undefined) return kept;
  const part = `${file}.${process.pid}.part`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(part, 'wx').catch(async () => {
      await rm(part, { force: true });
      return open(part, 'wx');
    });
    try {
      const table = new StoreTable();
      for await (const bytes of pictures()) {
        if (table.add(bytes)) await handle.appendFile(bytes);
      }
      await handle.appendFile(table.encode());
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    if (!isSystemError(cause)) throw cause;
    throw new LimbeckError('WRITE_FAILED', `cannot unpack pictures to ${file}: ${cause.message}`, {
      hint: 'make room there, or name another folder with data.dir',
      details: { path: file },
      cause,
    });
  }
  return (await readStore(file))!;
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'errno' in error;

/** Where the pictures that were added lie, in columns that grow. */
class StoreTable {
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];
  readonly #hashes: Buffer[] = [];
  readonly #marks: number[] = [];
  readonly #known = new Map<string, number>();
  #end = 0;

  /** Whether the bytes are new and have to be written. */
  add(bytes: Uint8Array): boolean {
    const hash = createHash('sha256').update(bytes).digest().subarray(0, hashBytes);
    const key = hash.toString('latin1');
    const start = this.#known.get(key);
    this.#starts.push(start ?? this.#end);
    this.#sizes.push(bytes.length);
    this.#hashes.push(hash);
    this.#marks.push(looksDamaged(bytes, bytes.length));
    if (start !== undefined) return false;
    this.#known.set(key, this.#end);
    this.#end += bytes.length;
    return true;
  }

  encode(): Buffer {
    const raw = (column: Float64Array) => Buffer.from(column.buffer);
    const table = Buffer.concat([
      raw(Float64Array.from(this.#starts)),
      raw(Float64Array.from(this.#sizes)),
      ...this.#hashes,
      Uint8Array.from(this.#marks),
    ]);
    const count = Buffer.alloc(countBytes);
    count.writeBigUInt64LE(BigInt(this.#starts.length));
    return Buffer.concat([table, createHash('sha256').update(table).digest(), count, magic]);
  }
}

/** A store that was kept; undefined where there is none or its table is damaged. */
async function readStore(file: string): Promise<StoredPictures | undefined> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    const read = async (start: number, length: number) => {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await handle.read(bytes, 0, length, start);
      return bytesRead === length ? bytes : undefined;
    };
    const tail = size < tailBytes ? undefined : await read(size - tailBytes, tailBytes);
    if (tail === undefined || !tail.subarray(checksumBytes + countBytes).equals(magic)) return undefined;
    const count = Number(tail.readBigUInt64LE(checksumBytes));
    if (count * entryBytes > size - tailBytes) return undefined;
    const table = await read(size - tailBytes - count * entryBytes, count * entryBytes);
    if (table === undefined) return undefined;
    if (!createHash('sha256').update(table).digest().equals(tail.subarray(0, checksumBytes)))
      return undefined;
    // copied, so that numbers are aligned
    const column = (from: number, each: number) =>
      new Uint8Array(table.subarray(from * count, (from + each) * count));
    return {
      file,
      starts: new Float64Array(column(0, 8).buffer),
      sizes: new Float64Array(column(8, 8).buffer),
      hashes: column(16, hashBytes),
      marks: column(16 + hashBytes, 1),
    };
  } finally {
    await handle.close();
  }
}
