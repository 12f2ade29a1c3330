import type { Split } from '@limbeck/core';
import { fastRandom } from '../fast-random.js';
import { shuffledOrder } from './order.js';

/** Keeps these draws apart from those of other orders. */
const bufferStream = -4;

/**
 * Orders whose groups come one after the other, shuffled anew each epoch, and whose samples go through a buffer: each step gives a
 * random one of those in the buffer and takes the next in its place.
 */
export function groupwise(
  { groups, buffer: wanted }: NonNullable<Split['readTogether']>,
  seed: number,
): (samples: Int32Array, epoch: number) => void {
  const members = new Map<number, number[]>();
  groups.forEach((group, sample) => {
    const own = members.get(group);
    if (own === undefined) members.set(group, [sample]);
    else own.push(sample);
  });
  const all = [...members.values()];
  return (samples, epoch) => {
    const random = fastRandom(seed, epoch, bufferStream);
    const buffer: number[] = [];
    let given = 0;
    for (const group of shuffledOrder({ length: all.length, seed, epoch })) {
      for (const sample of all[group]!) {
        if (buffer.length < wanted) {
          buffer.push(sample);
          continue;
        }
        const at = random.int(wanted);
        samples[given++] = buffer[at]!;
        buffer[at] = sample;
      }
    }
    while (buffer.length > 0) {
      const at = random.int(buffer.length);
      samples[given++] = buffer[at]!;
      buffer[at] = buffer.at(-1)!;
      buffer.pop();
    }
  };
}
