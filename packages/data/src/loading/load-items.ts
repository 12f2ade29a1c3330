import { isLimbeckError } from '@limbeck/core';
import type { Failure, Item } from './messages.js';
import type { SampleLoader } from './sample-loader.js';

/** Samples in decoding at a time: while one is decoded by a thread of the library, another is brought into shape here. */
const atOnce = 3;

/** Loads samples into the images of a batch, each into its slot; bad ones are returned, in order of their slots. */
export async function loadItems(
  loader: SampleLoader,
  items: readonly Item[],
  { draw, images, size }: { draw: number; images: Float32Array; size: number },
): Promise<Failure[]> {
  const failures: Failure[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const item = items[next++]!;
      const { index, slot } = item;
      try {
        await loader.load(item, { sample: index, draw, into: images, offset: slot * size });
      } catch (error) {
        if (!isLimbeckError(error) || (error.code !== 'BAD_DATA' && error.code !== 'BAD_FILE')) throw error;
        failures.push({ slot, index, code: error.code, message: error.message, hint: error.hint });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return failures.sort((a, b) => a.slot - b.slot);
}
