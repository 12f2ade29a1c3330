import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { partial, removeQuietly, writeAtomically } from '../../files/atomic.js';
import { makeFolder } from '../../files/make-folder.js';
import { type CacheLayout, rangeOf } from './layout.js';
import { RecordReader } from './reader.js';
import { problemOfLength, problemOfShard, ShardBuilder, type ShardId, shardName } from './shard.js';

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
 * safetensors files. A shard's file is there whole or not at all; whether it is as it was written shows when it is read
 * through, before its first use.
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

  /** What to say where the folder cannot be written. */
  get elsewhere(): string {
    return `choose another folder than ${dirname(this.folder)} with teacher.cache.dir`;
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

  /**
   * Shards that must be computed, in order: those whose files are not there, or not as long as they were written. Nothing
   * is read; what a file holds is looked at when it is needed, see {@link problemOf}.
   *
   * @param reject hears of each that is there and cannot be whole
   */
  missing(reject: (path: string, problem: string) => void = () => undefined): Place[] {
    const places: Place[] = [];
    for (let draw = 0; draw < this.draws; draw++) {
      for (let shard = 0; shard < this.layout.shards; shard++) {
        const place = { draw, shard };
        const size = lengthOf(this.path(place));
        const problem = size === undefined ? undefined : problemOfLength(size, this.layout, this.#id(place));
        if (problem !== undefined) reject(this.path(place), problem);
        if (size === undefined || problem !== undefined) places.push(place);
      }
    }
    return places;
  }

  /**
   * Reads a shard through.
   *
   * @returns what is wrong with it; undefined where it is as it was written
   */
  problemOf(place: Place): Promise<string | undefined> {
    return problemOfShard(this.path(place), this.layout, this.#id(place));
  }

  /**
   * Makes the folder ready to be filled; whoever calls it holds its lock.
   *
   * @throws LimbeckError WRITE_FAILED
   */
  prepare(): void {
    makeFolder(this.folder, this.elsewhere);
    for (const name of readdirSync(this.folder)) {
      // a process that was killed left these
      if (name.endsWith(partial)) removeQuietly(join(this.folder, name));
    }
    const path = join(this.folder, manifestName);
    const text = `${JSON.stringify(this.#manifest(), null, 2)}\n`;
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      writeAtomically(path, text, { elsewhere: this.elsewhere });
    }
  }

  builder(place: Place): ShardBuilder {
    return new ShardBuilder(this.layout, this.#id(place));
  }

  /** @throws LimbeckError WRITE_FAILED */
  write(place: Place, builder: ShardBuilder): void {
    writeAtomically(this.path(place), builder.bytes(), { elsewhere: this.elsewhere });
  }

  /** @param batch records read at a time */
  reader(batch: number): RecordReader {
    return new RecordReader(this.folder, this.key, this.layout, batch);
  }

  path(place: Place): string {
    return join(this.folder, shardName(place));
  }

  #id(place: Place): ShardId {
    return { key: this.key, ...place };
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
        features.map(({ name, shape, encoding }) => [name, { shape, kept: encoding.label }]),
      ),
      samples,
      samplesPerShard,
      recordBytes,
    };
  }
}

/** Undefined for a file that is not there, or that nobody may look at: writing it will tell. */
function lengthOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}
