import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fetches } from '@limbeck/core/backend';
import { sizeOf } from '@limbeck/graph';
import { randomSource } from '@limbeck/nn';
import { CacheStore, type FeatureSize, layoutOf } from '@limbeck/trainer';

/** Images in the cache: enough that batches lie scattered in it. */
const samples = 4096;

/**
 * A teacher's cache of random features in float32, on disk as training has it.
 *
 * @returns reads the features of another random batch at every call
 */
export function randomCache(sizes: readonly FeatureSize[], batchSize: number): () => Fetches {
  const folder = mkdtempSync(join(tmpdir(), 'limbeck-bench-cache-'));
  const layout = layoutOf(sizes, { dtype: 'float32', logits: {} }, samples);
  const store = new CacheStore({ folder, key: 'bench', identity: 'random', layout, draws: 1 });
  const random = randomSource(10, 'cache');
  const values = () =>
    new Map(
      sizes.map(({ path, shape }) => [
        path,
        Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
      ]),
    );
  store.prepare();
  for (const place of store.missing()) {
    const builder = store.builder(place);
    for (let sample = builder.first; sample < builder.end; sample++) builder.set(sample, values());
    store.write(place, builder);
  }
  const reader = store.reader(batchSize);
  const read = (indexOf: (slot: number) => number) =>
    Object.fromEntries(
      reader.read(
        0,
        Int32Array.from({ length: batchSize }, (_, slot) => indexOf(slot)),
      ),
    );
  // files that are open outlive their names, so that nothing is left where this process is ended
  for (let shard = 0; shard < layout.shards; shard++) read(() => shard * layout.samplesPerShard);
  rmSync(folder, { recursive: true });
  return () => read(() => Math.floor(random.uniform() * samples));
}
