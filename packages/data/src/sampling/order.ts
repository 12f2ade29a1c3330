import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedGenerator } from '../random.js';

/** What an epoch's order depends on. */
export interface OrderKey {
  /** Number of samples. */
  readonly length: number;
  /** The run's seed. */
  readonly seed: number;
  /** Counts from 0. */
  readonly epoch: number;
}

/** Keeps the order's draws apart from those of samples, whose keys have four numbers. */
const orderStream = -1;

/** The order of an epoch: a permutation of 0 ... length - 1 (Fisher-Yates), from the seed and the epoch alone. */
export function shuffledOrder({ length, seed, epoch }: OrderKey): Int32Array {
  return shuffleInto(new Int32Array(length), seed, epoch);
}

/** As {@link shuffledOrder}, into an array that is already there; returns it. */
export function shuffleInto(order: Int32Array, seed: number, epoch: number): Int32Array {
  for (let i = 0; i < order.length; i++) order[i] = i;
  const generator = keyedGenerator(seed, epoch, orderStream);
  for (let i = order.length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
