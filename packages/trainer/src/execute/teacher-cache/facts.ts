import type { CacheStore, Place } from './store.js';

/** What there is to know of a cache before it is used. */
export interface CacheFacts {
  readonly folder: string;
  /** Augmentation draws of a sample. */
  readonly views: number;
  readonly samples: number;
  /** How each feature is kept: `float32`, `int8`, `float16, top 8 of 100`. */
  readonly features: Readonly<Record<string, string>>;
  /** Of the whole cache. */
  readonly bytes: number;
  /** Of what is still to be computed and written; 0 where the cache is complete. */
  readonly missingBytes: number;
}

/** @param missing what is still to be computed */
export function factsOf(store: CacheStore, missing: readonly Place[]): CacheFacts {
  const { features, samples } = store.layout;
  return {
    folder: store.folder,
    views: store.draws,
    samples,
    features: Object.fromEntries(features.map(({ name, encoding }) => [name, encoding.label])),
    bytes: store.bytes,
    missingBytes: store.bytesOf(missing),
  };
}
