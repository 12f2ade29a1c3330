import { type Labelled, LimbeckError, type NegativeSource, targetsOf } from '@limbeck/core';
import { type FastRandom, fastRandom } from './fast-random.js';

/** Which draw: the same key always gives the same negatives. */
export interface NegativesKey {
  /** Counts from 0. */
  readonly epoch: number;
  /** Counts from 0, within the epoch. */
  readonly step: number;
  /** Negatives for each sample. */
  readonly count: number;
  readonly from: NegativeSource;
}

/** Draws other samples of a split to contrast given ones with. */
export interface NegativeSampler {
  /**
   * Negatives of each of `indices`: [indices.length, count], row by row. A row holds no sample twice, unless the split
   * has fewer than `count` to draw from: then it is drawn with replacement.
   *
   * @throws LimbeckError BAD_DATA where a sample has nothing to be contrasted with
   */
  draw(indices: Int32Array, key: NegativesKey): Int32Array;
}

/** Keeps these draws apart from those of orders and augmentations, whose keys are shorter or have other numbers here. */
const negativesStream = -2;

/**
 * Prepares drawing from a training split. Everything follows from the seed, the epoch and the step.
 *
 * @param split whose samples are contrasted; where they have no class indices, all count as one class
 * @param seed the run's
 */
export function createNegativeSampler(split: Labelled, seed: number): NegativeSampler {
  const targets = targetsOf(split);
  const labels = targets.kind === 'index' ? targets.values : new Int32Array(split.length);
  const { order, firstOf } = byClass(labels);
  const pool = new Int32Array(labels.length);
  const place = new Int32Array(labels.length);
  order.forEach((sample, i) => {
    place[sample] = i;
  });
  /** Puts everything a sample may be contrasted with in front of the pool; returns how many these are. */
  const fill = (sample: number, from: NegativeSource): number => {
    const label = labels[sample]!;
    const [start, end] =
      from === 'all' ? [place[sample]!, place[sample]! + 1] : [firstOf[label]!, firstOf[label + 1]!];
    pool.set(order.subarray(0, start));
    pool.set(order.subarray(end), start);
    return order.length - (end - start);
  };
  return {
    draw(indices, { epoch, step, count, from }) {
      const drawn = new Int32Array(indices.length * count);
      const random = fastRandom(seed, epoch, step, negativesStream, count, from === 'all' ? 1 : 0);
      indices.forEach((sample, row) => {
        const size = fill(sample, from);
        if (size === 0) {
          throw new LimbeckError('BAD_DATA', `sample ${sample} has no ${from} sample to be contrasted with`, {
            hint: 'the training split needs samples of more than one class',
          });
        }
        choose(pool, size, drawn.subarray(row * count, (row + 1) * count), random);
      });
      return drawn;
    },
  };
}

/** Fills `into` from the first `size` of the pool: the beginning of a shuffle, or with replacement where that is too short. */
function choose(pool: Int32Array, size: number, into: Int32Array, random: FastRandom): void {
  const count = into.length;
  if (count > size) {
    for (let i = 0; i < count; i++) into[i] = pool[random.int(size)]!;
    return;
  }
  for (let i = 0; i < count; i++) {
    const j = i + random.int(size - i);
    into[i] = pool[j]!;
    pool[j] = pool[i]!;
  }
}

/** Samples in order of their classes, and where each class begins; one more entry says where the last ends. */
function byClass(labels: Int32Array): { order: Int32Array; firstOf: Int32Array } {
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const firstOf = new Int32Array(classes + 1);
  for (const label of labels) firstOf[label + 1]!++;
  for (let label = 0; label < classes; label++) firstOf[label + 1]! += firstOf[label]!;
  const next = firstOf.slice();
  const order = new Int32Array(labels.length);
  labels.forEach((label, sample) => {
    order[next[label]!++] = sample;
  });
  return { order, firstOf };
}
