import type { SampleRandom } from '@limbeck/core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * A generator keyed by whole numbers: the same key gives the same draws on every machine, and keys that differ in any
 * number give unrelated draws. Negative and large numbers (up to 2^53) count in full.
 */
export function keyedGenerator(...key: number[]): RandomGenerator {
  return xoroshiro128plusFromState(mixKey(key));
}

/**
 * The randomness of one sample in one epoch of a run. It is made from these numbers alone, so neither the batch size,
 * the step a run resumes at, nor the number of workers changes what a sample looks like.
 *
 * @param seed the run's seed
 * @param epoch counts from 0
 * @param sample index into the training split
 * @param stream tells independent consumers of the same sample apart (0, 1, ...): the n-th augmentation draws from
 *   stream n, so adding one at the end leaves the draws of those before it as they were
 * @param picture which of several pictures of the sample; those of another number are drawn apart
 */
export function sampleRandom(
  seed: number,
  epoch: number,
  sample: number,
  stream: number,
  picture = 0,
): SampleRandom {
  const generator = keyedGenerator(seed, epoch, sample, stream, ...(picture === 0 ? [] : [picture]));
  return drawsFrom(generator);
}

const drawsFrom = (generator: RandomGenerator): SampleRandom => ({
  int: (bound) => uniformInt(generator, 0, bound - 1),
  uniform: () => uniformFloat64(generator),
});

/** Keeps draws of batches apart from those of samples, whose pictures count from 0. */
const batchStream = -5;

/**
 * The randomness of one batch, from these numbers alone.
 *
 * @param epoch counts from 0 over all phases
 * @param step counts from 0 in the epoch
 * @param stream tells independent consumers of the same batch apart
 */
export function batchRandom(seed: number, epoch: number, step: number, stream: number): SampleRandom {
  return drawsFrom(keyedGenerator(seed, epoch, step, stream, batchStream));
}

/**
 * Hashes a key to the 128 bits of a generator's state: four lanes, each a chain of bijections of its own over the
 * key's words, then a cross-mix. 128 bits, because 32 would repeat a state after some 2^16 samples.
 */
export function mixKey(key: readonly number[]): [number, number, number, number] {
  let a = 0x9e3779b9;
  let b = 0x7f4a7c15;
  let c = 0xf39cc060;
  let d = 0x5cedc834;
  for (const number of key) {
    // `|0` keeps the low 32 bits; the rest counts too, so that seeds beyond 2^32 differ.
    for (const word of [number | 0, Math.floor(number / 0x1_0000_0000) | 0]) {
      a = scramble(a ^ word) + 0x6a09e667;
      b = scramble(b + word) ^ 0xbb67ae85;
      c = scramble(Math.imul(c, 5) ^ word) + 0x3c6ef372;
      d = scramble(Math.imul(d, 9) + word) ^ 0xa54ff53a;
    }
  }
  const mixed = a + b + c + d;
  return [
    scramble(a + mixed),
    scramble(b ^ Math.imul(mixed, 3)),
    scramble(c + Math.imul(mixed, 5)),
    scramble(d ^ Math.imul(mixed, 7)),
  ];
}

/** The 32-bit finaliser of MurmurHash3 (Appleby): a bijection in which every input bit reaches every output bit. */
function scramble(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
