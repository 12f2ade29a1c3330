import { defineMetric, LimbeckError } from '@limbeck/core';
import { z } from 'zod';

const options = z.strictObject({
  class: z
    .int()
    .min(0)
    .optional()
    .describe('average precision of this class alone, by its index; absent: the mean'),
});

/**
 * Average precision of one class: the sum over thresholds of precision times gained recall, equal scores counted at once,
 * without interpolation (scikit-learn's `average_precision_score`).
 *
 * @returns undefined where no sample has the class
 */
export function averagePrecision(scores: Float32Array, has: Uint8Array): number | undefined {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const positives = has.reduce((sum, value) => sum + value, 0);
  if (positives === 0) return undefined;
  let found = 0;
  let before = 0;
  let sum = 0;
  for (const [i, sample] of order.entries()) {
    found += has[sample]!;
    const isLastOfEquals = i + 1 === order.length || scores[order[i + 1]!] !== scores[sample];
    if (!isLastOfEquals) continue;
    sum += ((found - before) / positives) * (found / (i + 1));
    before = found;
  }
  return sum;
}

/** Mean average precision over the classes that some sample has. Keeps a number for every sample and class. */
export const meanAveragePrecision = defineMetric({
  id: 'map',
  description: 'mean average precision over classes, for any number of classes a sample',
  better: 'higher',
  format: { as: 'percent' },
  targets: ['multi-hot'],
  options,
  create({ class: wanted }: z.infer<typeof options>) {
    const batches: { scores: Float32Array; has: Uint8Array; count: number }[] = [];
    let width = 0;
    return {
      add({ logits, targets, count, classes }) {
        if (targets.kind === 'none') return;
        width = classes;
        const end = count * classes;
        const has = Uint8Array.from(targets.values.subarray(0, end));
        batches.push({ scores: logits.slice(0, end), has, count });
      },
      value() {
        if (wanted !== undefined && wanted >= width) throw noSuchClass('map', wanted, width);
        const samples = batches.reduce((sum, { count }) => sum + count, 0);
        const scores = new Float32Array(samples);
        const has = new Uint8Array(samples);
        const ofClass = (index: number) => {
          let at = 0;
          for (const batch of batches) {
            for (let row = 0; row < batch.count; row++, at++) {
              scores[at] = batch.scores[row * width + index]!;
              has[at] = batch.has[row * width + index]!;
            }
          }
          return averagePrecision(scores, has);
        };
        const asked = wanted === undefined ? [...Array(width).keys()] : [wanted];
        const known = asked.map(ofClass).filter((value) => value !== undefined);
        // a split without any positive sample has nothing to rank
        return known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
      },
    };
  },
});

/** The error for a class that the data does not have. */
export const noSuchClass = (metric: string, index: number, classes: number): LimbeckError =>
  new LimbeckError('PRECONDITION', `metric '${metric}' asks for class ${index} of ${classes}`, {
    hint: 'classes count from 0',
  });
