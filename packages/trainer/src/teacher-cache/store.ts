import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { partial, removeQuietly, writeAtomically } from '../files/atomic.js';
import { makeFolder } from '../files/make-folder.js';
import { type CacheLayout, rangeOf } from './layout.js';
import { RecordReader } from './reader.js';
import { problemOfShard, ShardBuilder, shardName } from './shard.js';

/** A shard's place in a cache. */
export interface Place {
  readonly draw: number;
  readonly shard: number;
}

/** What a cache on disk is opened with. */
export interface StoreOptions {
  /** Of this cache alone. */
  readonly folder: string;
  /** Hash of everything the values depend on. */
  readonly key: string;
  /** What was hashed, for people. */
  readonly identity: unknown;
  readonly layout: CacheLayout;
  /** Augmentation draws of a sample. */
  readonly draws: number;
}

/** Name of the file that says what a cache holds. */
export const manifestName = 'cache.json';

/**
 * The features of a teacher for every training sample under each of a number of augmentation draws, in a folder of
 * safetensors files. A shard is there whole and as it was written, or it counts as missing.
 */
export class CacheStore {
  readonly folder: string;
  readonly key: string;
  readonly layout: CacheLayout;
  readonly draws: number;
  readonly #identity: unknown;

  constructor({ folder, key, identity, layout, draws }: StoreOptions) {
    this.folder = folder;
    this.key = key;
    this.layout = layout;
    this.draws = draws;
    this.#identity = identity;
  }

  /** Of all records, without what little the headers take. */
  get bytes(): number {
    return this.layout.recordBytes * this.layout.samples * this.draws;
  }

  /** Of the records of some shards. */
  bytesOf(places: readonly Place[]): number {
    return this.layout.recordBytes * places.reduce((sum, { shard }) => sum + this.recordsOf(shard), 0);
  }

  recordsOf(shard: number): number {
    const [first, end] = rangeOf(this.layout, shard);
    return end - first;
  }

  /** Shards whose files are not there, in order; one look at the folder, and nothing is read. */
  absent(): Place[] {
    const there = new Set(existsSync(this.folder) ? readdirSync(this.folder) : []);
    const places: Place[] = [];
    for (let draw = 0; draw < this.draws; draw++) {
      for (let shard = 0; shard < this.layout.shards; shard++) {
        if (!there.has(shardName({ draw, shard }))) places.push({ draw, shard });
      }
    }
    return places;
  }

  /**
   * Shards that must be computed, in order: those that are not there and those whose content is not what was written.
   *
   * @param reject hears of each that is there and cannot be trusted
   * @throws LimbeckError INTERRUPTED
   */
  async missing(reject: (path: string, problem: string) => void, stop: () => boolean): Promise<Place[]> {
    const absent = new Set(this.absent().map(shardName));
    const missing: Place[] = [];
    for (let draw = 0; draw < this.draws; draw++) {
      for (let shard = 0; shard < this.layout.shards; shard++) {
        const place = { draw, shard };
        if (absent.has(shardName(place))) {
          missing.push(place);
          continue;
        }
        const path = this.path(place);
        const problem = await problemOfShard(path, this.layout, { key: this.key, ...place });
        if (problem !== undefined) {
          reject(path, problem);
          missing.push(place);
        }
        if (stop()) throw new LimbeckError('INTERRUPTED', "the check of the teacher's cache was interrupted");
      }
    }
    return missing;
  }

  /**
   * Makes the folder ready to be filled; whoever calls it holds its lock.
   *
   * @throws LimbeckError WRITE_FAILED
   */
  prepare(): void {
    makeFolder(this.folder);
    for (const name of readdirSync(this.folder)) {
      // a process that was killed left these
      if (name.endsWith(partial)) removeQuietly(join(this.folder, name));
    }
    const path = join(this.folder, manifestName);
    const text = `${JSON.stringify(this.#manifest(), null, 2)}\n`;
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeAtomically(path, text);
  }

  builder(place: Place): ShardBuilder {
    return new ShardBuilder(this.layout, { key: this.key, ...place });
  }

  /** @throws LimbeckError WRITE_FAILED */
  write(place: Place, builder: ShardBuilder): void {
    writeAtomically(this.path(place), builder.bytes());
  }

  /** @param batch records read at a time */
  reader(batch: number): RecordReader {
    return new RecordReader(this.folder, this.key, this.layout, batch);
  }

  path(place: Place): string {
    return join(this.folder, shardName(place));
  }

  /** For people and other tools; nothing here reads it. */
  #manifest() {
    const { features, samples, samplesPerShard, recordBytes } = this.layout;
    return {
      about:
        'What a frozen teacher gave for every training sample, kept by Limbeck. draw-DDDD-SSSSS.safetensors holds samples ' +
        'S * samplesPerShard and following under augmentation draw D. Safe to delete: it is computed again.',
      key: this.key,
      identity: this.#identity,
      features: Object.fromEntries(
        features.map(({ path, shape, encoding }) => [path, { shape, kept: encoding.label }]),
      ),
      samples,
      samplesPerShard,
      recordBytes,
    };
  }
}
