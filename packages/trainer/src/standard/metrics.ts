import { defineMetric, labelsOf, type Predictions } from '@limbeck/core';
import { z } from 'zod';

interface Place {
  readonly row: number;
  readonly label: number;
  readonly classes: number;
}

/**
 * Classes that a row of logits puts before the right one; of equal ones the lower index comes first. A row whose right
 * class has no number counts as wrong.
 */
function rankOf(logits: Float32Array, { row, label, classes }: Place): number {
  const start = row * classes;
  const own = logits[start + label]!;
  if (Number.isNaN(own)) return classes;
  let rank = 0;
  for (let i = 0; i < classes; i++) {
    const other = logits[start + i]!;
    if (other > own || (other === own && i < label)) rank++;
  }
  return rank;
}

/** Rows whose right class is among the `k` most likely. */
export function countTop({ logits, targets, count, classes }: Predictions, k: number): number {
  const labels = labelsOf(targets);
  let right = 0;
  for (let row = 0; row < count; row++) {
    if (rankOf(logits, { row, label: labels[row]!, classes }) < k) right++;
  }
  return right;
}

const top = (k: number) => ({
  better: 'higher' as const,
  format: { as: 'percent' as const },
  targets: ['index'] as const,
  options: z.strictObject({}),
  create() {
    let right = 0;
    let samples = 0;
    return {
      add(batch: Predictions) {
        right += countTop(batch, k);
        samples += batch.count;
      },
      value: () => right / samples,
    };
  },
});

/** Share of samples whose most likely class is the right one. */
export const top1 = defineMetric({ id: 'top1', description: 'share of right predictions', ...top(1) });

/** Share of samples with the right class among the five most likely. */
export const top5 = defineMetric({
  id: 'top5',
  description: 'share of samples with the right class among the five most likely',
  ...top(5),
});

/** Mean cross-entropy against the labels, in nats. */
export const nll = defineMetric({
  id: 'nll',
  description: 'mean negative log-likelihood of the right class',
  better: 'lower',
  format: { as: 'number', unit: 'nats' },
  targets: ['index'],
  options: z.strictObject({}),
  create() {
    let sum = 0;
    let samples = 0;
    return {
      add({ logits, targets, count, classes }: Predictions) {
        const labels = labelsOf(targets);
        for (let row = 0; row < count; row++) {
          const values = logits.subarray(row * classes, (row + 1) * classes);
          const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
          const total = values.reduce((all, value) => all + Math.exp(value - largest), 0);
          sum += largest + Math.log(total) - values[labels[row]!]!;
        }
        samples += count;
      },
      value: () => sum / samples,
    };
  },
});
