import type { CacheFacts } from '../../run/facts.js';
import type { CacheStore, Place } from './store.js';

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
