import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { LimbeckError } from '@limbeck/core';
import { layoutSafetensors, type SafetensorsLayout } from '@limbeck/formats';
import type { FieldArray } from './encoding.js';
import { type CacheLayout, type Column, rangeOf } from './layout.js';

/** One file of a cache. */
export interface ShardId {
  /** Hash of everything the values depend on. */
  readonly key: string;
  /** Number of the augmentation draw. */
  readonly draw: number;
  readonly shard: number;
}

/** Name of a shard's file; files sort as their samples do. */
export const shardName = ({ draw, shard }: Pick<ShardId, 'draw' | 'shard'>): string =>
  `draw-${String(draw).padStart(4, '0')}-${String(shard).padStart(5, '0')}.safetensors`;

const digestLength = 64;
const noDigest = '0'.repeat(digestLength);

/**
 * A shard is a safetensors file: a tensor [n, ...] for each column, and metadata that say what it is, with the SHA-256 of
 * everything behind the header. SHA-256 since it tells any change from none, every system can check it, and reading is
 * slower than hashing on most disks.
 */
export function shardLayout(layout: CacheLayout, id: ShardId, sha256 = noDigest): SafetensorsLayout {
  const [first, end] = rangeOf(layout, id.shard);
  const tensors = layout.columns.map(
    ({ name, dtype, shape }) => [name, { dtype, shape: [end - first, ...shape] }] as const,
  );
  return layoutSafetensors(tensors, {
    format: 'limbeck.teacher-cache.1',
    key: id.key,
    draw: String(id.draw),
    first: String(first),
    sha256,
  });
}

const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
} as const;

/** A record's part of a column, as a view of bytes at a multiple of the element's size. */
export const fieldArray = ({ dtype, size }: Column, buffer: ArrayBuffer, offset: number): FieldArray =>
  new arrays[dtype](buffer, offset, size);

/** Puts the records of one shard together. */
export class ShardBuilder {
  readonly first: number;
  readonly end: number;
  readonly #layout: CacheLayout;
  readonly #id: ShardId;
  readonly #file: Uint8Array<ArrayBuffer>;
  readonly #offsets: readonly number[];
  readonly #headerBytes: number;

  constructor(layout: CacheLayout, id: ShardId) {
    [this.first, this.end] = rangeOf(layout, id.shard);
    const { header, offsets, bytes } = shardLayout(layout, id);
    this.#layout = layout;
    this.#id = id;
    this.#file = new Uint8Array(bytes);
    this.#offsets = layout.columns.map(({ name }) => offsets.get(name)!);
    this.#headerBytes = header.byteLength;
  }

  /**
   * Takes the features of a sample.
   *
   * @param values by name, each of one sample
   * @throws LimbeckError NON_FINITE, PRECONDITION where a value does not fit the element type
   */
  set(sample: number, values: ReadonlyMap<string, Float32Array>): void {
    const row = sample - this.first;
    let column = 0;
    for (const { name, encoding } of this.#layout.features) {
      const own = values.get(name)!;
      refuseOutliers(own, { name, sample, label: encoding.label, largest: encoding.largest });
      const into = encoding.fields.map(() => {
        const target = this.#layout.columns[column]!;
        return fieldArray(target, this.#file.buffer, this.#offsets[column++]! + row * target.bytes);
      });
      encoding.encode(own, into);
    }
  }

  /** The finished file. */
  bytes(): Uint8Array {
    const digest = createHash('sha256').update(this.#file.subarray(this.#headerBytes)).digest('hex');
    this.#file.set(shardLayout(this.#layout, this.#id, digest).header);
    return this.#file;
  }
}

function refuseOutliers(
  values: Float32Array,
  { name, sample, label, largest }: { name: string; sample: number; label: string; largest: number },
): void {
  const bad = values.find((value) => !(Math.abs(value) <= largest));
  if (bad === undefined) return;
  const where = `the teacher's '${name}' of training sample ${sample} has the value ${bad}`;
  if (!Number.isFinite(bad)) {
    throw new LimbeckError('NON_FINITE', where, {
      hint: 'do its weights and the normalisation belong to this data set?',
    });
  }
  throw new LimbeckError('PRECONDITION', `${where}, which ${label} cannot keep`, {
    hint: 'keep it in float32 or int8: teacher.cache.dtype',
    details: { path: name, sample, value: bad },
  });
}

/** What is wrong with a shard's length; undefined where it is that of a whole one. */
export function problemOfLength(length: number, layout: CacheLayout, id: ShardId): string | undefined {
  const { bytes } = shardLayout(layout, id);
  return length === bytes ? undefined : `it has ${length} bytes, ${bytes} belong there`;
}

const chunkBytes = 2 ** 20;

/**
 * Reads a shard through. Memory is one chunk, whatever the file claims.
 *
 * @returns what is wrong with it; undefined where it is as it was written
 */
export async function problemOfShard(
  path: string,
  layout: CacheLayout,
  id: ShardId,
): Promise<string | undefined> {
  const { header, bytes } = shardLayout(layout, id);
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    return (error as Error).message;
  }
  try {
    const problem = problemOfLength((await file.stat()).size, layout, id);
    if (problem !== undefined) return problem;
    const found = new Uint8Array(header.byteLength);
    await readFully(file, found, 0);
    const claimed = withoutDigest(found, header);
    if (claimed === undefined) return 'it is no part of this cache';
    const hash = createHash('sha256');
    const chunk = new Uint8Array(Math.min(chunkBytes, bytes));
    for (let at = header.byteLength; at < bytes; at += chunk.length) {
      const part = chunk.subarray(0, Math.min(chunk.length, bytes - at));
      await readFully(file, part, at);
      hash.update(part);
    }
    return hash.digest('hex') === claimed ? undefined : 'its content is not what was written (SHA-256)';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await file.close();
  }
}

async function readFully(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new Error('it ends too early');
    done += bytesRead;
  }
}

/** The digest a header claims; undefined where anything else in it is not what this cache writes. */
function withoutDigest(found: Uint8Array, expected: Uint8Array): string | undefined {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  const [own, other] = [text(expected), text(found)];
  const at = own.indexOf(noDigest);
  const end = at + digestLength;
  const isSame = own.slice(0, at) === other.slice(0, at) && own.slice(end) === other.slice(end);
  return isSame ? other.slice(at, end) : undefined;
}
