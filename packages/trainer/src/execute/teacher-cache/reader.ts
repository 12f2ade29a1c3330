import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { Lent } from '@limbeck/core/backend';
import { sizeOf, type TensorData, tensorData } from '@limbeck/graph';
import { type CachedFeature, type CacheLayout, shardOf } from './layout.js';
import { fieldArray, type ShardId, shardLayout, shardName } from './shard.js';

/** Shards that are open at a time; the one used longest ago makes room. */
const mostOpen = 64;

interface OpenShard {
  readonly file: number;
  readonly path: string;
  /** Where each column begins. */
  readonly offsets: readonly number[];
}

/** Reads records of a cache by sample, in any order. Memory does not grow with the cache. */
export class RecordReader {
  readonly #folder: string;
  readonly #key: string;
  readonly #layout: CacheLayout;
  readonly #batch: number;
  readonly #open = new Map<string, OpenShard>();
  /** Of the batch that was given last and the one before. */
  readonly #rings: readonly (readonly Float32Array[])[];
  readonly #scratch: ArrayBuffer;
  /** Where each column's part of a record lies in the scratch space. */
  readonly #places: readonly number[];
  #turn = 0;

  /** @param batch records read at a time */
  constructor(folder: string, key: string, layout: CacheLayout, batch: number) {
    this.#folder = folder;
    this.#key = key;
    this.#layout = layout;
    this.#batch = batch;
    const ring = () => layout.features.map(({ shape }) => new Float32Array(batch * sizeOf(shape)));
    this.#rings = [ring(), ring()];
    let end = 0;
    this.#places = layout.columns.map(({ bytes }) => {
      const place = end;
      end += Math.ceil(bytes / 8) * 8;
      return place;
    });
    this.#scratch = new ArrayBuffer(end);
  }

  /**
   * Features of a batch of samples under one draw, by name.
   *
   * @throws LimbeckError BAD_FILE where a shard is gone or cut short
   */
  read(draw: number, samples: Int32Array): Lent<ReadonlyMap<string, TensorData>> {
    if (samples.length !== this.#batch) {
      throw new RangeError(`${samples.length} samples were asked for, ${this.#batch} are read at a time`);
    }
    this.#turn ^= 1;
    const ring = this.#rings[this.#turn]!;
    samples.forEach((sample, row) => {
      this.#readRecord(draw, sample, row, ring);
    });
    return new Map(
      this.#layout.features.map(({ name, shape }, i) => [
        name,
        tensorData('float32', [this.#batch, ...shape], ring[i]!),
      ]),
    );
  }

  close(): void {
    for (const { file } of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #readRecord(draw: number, sample: number, row: number, ring: readonly Float32Array[]): void {
    const { columns, features, samplesPerShard } = this.#layout;
    const shard = shardOf(this.#layout, sample);
    const opened = this.#shard({ key: this.#key, draw, shard });
    const record = sample - shard * samplesPerShard;
    let column = 0;
    features.forEach((feature: CachedFeature, i) => {
      const fields = feature.encoding.fields.map(() => {
        const { bytes } = columns[column]!;
        const place = this.#places[column]!;
        readAt(opened, new Uint8Array(this.#scratch, place, bytes), opened.offsets[column]! + record * bytes);
        return fieldArray(columns[column++]!, this.#scratch, place);
      });
      const size = sizeOf(feature.shape);
      feature.encoding.decode(fields, ring[i]!.subarray(row * size, (row + 1) * size));
    });
  }

  #shard(id: ShardId): OpenShard {
    const name = shardName(id);
    const known = this.#open.get(name);
    if (known !== undefined) {
      // the order of a map is that of insertion: last used, last in
      this.#open.delete(name);
      this.#open.set(name, known);
      return known;
    }
    if (this.#open.size >= mostOpen) {
      const [oldest, { file }] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      closeSync(file);
    }
    const path = join(this.#folder, name);
    const { offsets } = shardLayout(this.#layout, id);
    const opened = {
      file: reading(path, () => openSync(path, 'r')),
      path,
      offsets: this.#layout.columns.map((column) => offsets.get(column.name)!),
    };
    this.#open.set(name, opened);
    return opened;
  }
}

function readAt({ file, path }: OpenShard, into: Uint8Array, position: number): void {
  reading(path, () => {
    for (let done = 0; done < into.length; ) {
      const count = readSync(file, into, done, into.length - done, position + done);
      if (count === 0) throw new Error('it ends too early');
      done += count;
    }
  });
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new LimbeckError(
      'BAD_FILE',
      `cannot read ${path} of a teacher's cache: ${(cause as Error).message}`,
      {
        hint: 'go on with --resume: what is missing of the cache is computed again',
        details: { path },
        cause,
      },
    );
  }
}
