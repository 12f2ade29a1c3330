import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { Raster } from '../decode/raster.js';

/** Where pictures are kept as pixels, and how much room they may take; every thread of a run gets the same. */
export interface PictureCachePlace {
  readonly dir: string;
  /** Bytes that all of them may take. */
  readonly limit: number;
  /** Bytes that are taken, a 64-bit number that threads share. */
  readonly used: SharedArrayBuffer;
}

/** First bytes of a kept picture; the number changes with the layout. */
const magic = 0x4c50_4331;
const headerBytes = 20;
/** Age in milliseconds of a file that somebody began and never finished. */
const abandoned = 3_600_000;

/**
 * Opens a cache: counts what is there, and removes what was begun and never finished.
 *
 * @param bytes it may take. A run that finds it full reads what is there and adds nothing
 */
export function openPictureCache(dir: string, bytes: number): PictureCachePlace {
  const used = new SharedArrayBuffer(8);
  let sum = 0;
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) visit(full);
      else {
        const { size, mtimeMs } = statSync(full, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
        if (entry.name.endsWith('.part') && Date.now() - mtimeMs > abandoned) rmSync(full, { force: true });
        else sum += size;
      }
    }
  };
  try {
    mkdirSync(dir, { recursive: true });
    visit(dir);
  } catch {
    // a cache that cannot be read is empty
  }
  new BigInt64Array(used)[0] = BigInt(sum);
  return { dir, limit: bytes, used };
}

/**
 * Keeps pictures as pixels, by the content they were decoded from and by what was done to them since. Each is a file that appears
 * whole, so that runs share it, also those that work at once. What cannot be written or is damaged is decoded again.
 */
export class PictureCache {
  readonly #folder: string;
  readonly #limit: bigint;
  readonly #used: BigInt64Array;
  readonly #made = new Set<string>();
  #parts = 0;

  /** @param recipe stands for what was done to pictures */
  constructor({ dir, limit, used }: PictureCachePlace, recipe: string) {
    this.#folder = path.join(dir, recipe);
    this.#limit = BigInt(Math.floor(limit));
    this.#used = new BigInt64Array(used);
  }

  /** @param content hash of the encoded picture */
  async read(content: string): Promise<Raster | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#place(content));
    } catch {
      return undefined;
    }
    if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== magic) return undefined;
    const [width, height, channels] = [4, 8, 12].map((at) => bytes.readUInt32LE(at)) as [
      number,
      number,
      1 | 3,
    ];
    const data = bytes.subarray(headerBytes);
    const isWhole = data.length === width * height * channels && crc32(data) === bytes.readUInt32LE(16);
    return isWhole ? { data, width, height, channels } : undefined;
  }

  async write(content: string, { data, width, height, channels }: Raster): Promise<void> {
    const size = BigInt(headerBytes + data.length);
    if (Atomics.add(this.#used, 0, size) + size > this.#limit) {
      Atomics.sub(this.#used, 0, size);
      return;
    }
    const header = Buffer.alloc(headerBytes);
    [magic, width, height, channels, crc32(data)].forEach((value, i) => {
      header.writeUInt32LE(value, 4 * i);
    });
    const file = this.#place(content);
    const part = `${file}.${process.pid}.${threadId}.${this.#parts++}.part`;
    try {
      const folder = path.dirname(file);
      if (!this.#made.has(folder)) await mkdir(folder, { recursive: true });
      this.#made.add(folder);
      await writeFile(part, [header, data]);
      await rename(part, file);
    } catch {
      Atomics.sub(this.#used, 0, size);
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  #place(content: string): string {
    return path.join(this.#folder, content.slice(0, 2), content);
  }
}
