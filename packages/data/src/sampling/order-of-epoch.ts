import { LimbeckError, type Split, targetsOf } from '@limbeck/core';
import { fastRandom } from '../fast-random.js';
import { groupwise } from './groupwise.js';
import { shuffleInto } from './order.js';

/** How an epoch's samples are chosen. All three give as many as the split has. */
export type Sampling =
  /** Every sample once, in shuffled order; group by group where the split says so. */
  | 'shuffled'
  /** Every class equally often, drawn with replacement. */
  | 'balanced'
  /** Each class in proportion to its weight, drawn with replacement; one number a class. */
  | { readonly weights: readonly number[] };

/** Keeps these draws apart from those of orders and negatives. */
const samplingStream = -3;

/**
 * Prepares the order of samples in each epoch, from the seed and the epoch alone. What it returns stays valid until it is
 * asked for another epoch but the next.
 *
 * @throws LimbeckError PRECONDITION where classes count and the samples have none, CONFIG_INVALID for wrong weights
 */
export function createOrder(
  split: Split,
  seed: number,
  sampling: Sampling = 'shuffled',
): (epoch: number) => Int32Array {
  // two, since batches of the next epoch are begun while this one ends
  const orders = [0, 1].map(() => ({ epoch: -1, samples: new Int32Array(split.length) }));
  const make =
    sampling === 'shuffled'
      ? split.readTogether === undefined
        ? (samples: Int32Array, epoch: number) => void shuffleInto(samples, seed, epoch)
        : groupwise(split.readTogether, seed)
      : drawing(split, seed, sampling);
  return (epoch) => {
    const order = orders[epoch % 2]!;
    if (order.epoch !== epoch) {
      make(order.samples, epoch);
      order.epoch = epoch;
    }
    return order.samples;
  };
}

function drawing(
  split: Split,
  seed: number,
  sampling: Exclude<Sampling, 'shuffled'>,
): (samples: Int32Array, epoch: number) => void {
  const { length } = split;
  const targets = targetsOf(split);
  if (targets.kind !== 'index') {
    throw new LimbeckError(
      'PRECONDITION',
      `${sampling === 'balanced' ? sampling : 'weighted'} sampling needs class labels, the samples have none`,
      {
        hint: 'leave data.sampling out',
      },
    );
  }
  const labels = targets.values;
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const members = Array.from({ length: classes }, (): number[] => []);
  for (let sample = 0; sample < length; sample++) members[labels[sample]!]!.push(sample);
  const weights = members.map((own, label) => {
    const weight = sampling === 'balanced' ? 1 : (sampling.weights[label] ?? Number.NaN);
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw new LimbeckError('CONFIG_INVALID', `data.sampling gives class ${label} the weight ${weight}`, {
        hint: `give ${classes} numbers of at least 0`,
      });
    }
    return own.length === 0 ? 0 : weight;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) {
    throw new LimbeckError('CONFIG_INVALID', 'data.sampling gives every class the weight 0', {
      hint: 'give one class at least more',
    });
  }
  let sum = 0;
  const upTo = weights.map((weight) => {
    sum += weight / total;
    return sum;
  });
  const fine = 2 ** 30;
  return (samples, epoch) => {
    const random = fastRandom(seed, epoch, samplingStream);
    for (let i = 0; i < samples.length; i++) {
      const drawn = random.int(fine) / fine;
      let label = upTo.findIndex((end) => drawn < end);
      if (label < 0) label = weights.findLastIndex((weight) => weight > 0);
      const own = members[label]!;
      samples[i] = own[random.int(own.length)]!;
    }
  };
}
