import { defineMetric, type Targets } from '@limbeck/core';
import { z } from 'zod';
import { mostLikely } from '../analysis/most-likely.js';
import { noSuchClass } from './average-precision.js';

const options = z.strictObject({
  average: z
    .enum(['macro', 'micro'])
    .default('macro')
    .describe('macro: the mean over classes; micro: all decisions of all classes together'),
  class: z.int().min(0).optional().describe('F1 of this class alone, by its index; absent: the average'),
  threshold: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('of multi-hot targets: a class is predicted where its sigmoid is above'),
});

/** Decisions of every class: right ones, wrongly made ones, missed ones. */
interface Counts {
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  readonly missed: Float64Array;
}

/** Where a decision counts that was made, should have been, or both. */
function decided(
  { right, wrong, missed }: Counts,
  { isGuessed, isThere }: { readonly isGuessed: boolean; readonly isThere: boolean },
): Float64Array {
  if (!isThere) return wrong;
  return isGuessed ? right : missed;
}

const allocate = (classes: number): Counts => ({
  right: new Float64Array(classes),
  wrong: new Float64Array(classes),
  missed: new Float64Array(classes),
});

/**
 * Harmonic mean of precision and recall (scikit-learn's `f1_score`; 0 for a class that is neither there nor predicted). Of
 * class indices the most likely class is the prediction, of multi-hot targets every class above the threshold.
 */
export const f1 = defineMetric({
  id: 'f1',
  description: 'harmonic mean of precision and recall, over classes or of one class',
  better: 'higher',
  format: { as: 'percent' },
  targets: ['index', 'multi-hot'],
  options,
  create({ average, class: wanted, threshold }: z.infer<typeof options>) {
    const above = Math.log(threshold / (1 - threshold));
    let counts = allocate(0);
    return {
      add({ logits, targets, count, classes }) {
        if (counts.right.length === 0) counts = allocate(classes);
        for (let row = 0; row < count; row++) {
          const start = row * classes;
          const best = targets.kind === 'index' ? mostLikely(logits, start, classes) : -1;
          for (let index = 0; index < classes; index++) {
            const isGuessed = targets.kind === 'index' ? index === best : logits[start + index]! > above;
            const isThere = hasClass(targets, { row, index, classes });
            if (isGuessed || isThere) decided(counts, { isGuessed, isThere })[index]!++;
          }
        }
      },
      value() {
        const { right, wrong, missed } = counts;
        if (wanted !== undefined) {
          if (wanted >= right.length) throw noSuchClass('f1', wanted, right.length);
          return scoreOf(right[wanted]!, wrong[wanted]!, missed[wanted]!);
        }
        if (average === 'micro') return scoreOf(sumOf(right), sumOf(wrong), sumOf(missed));
        return sumOf(right.map((value, i) => scoreOf(value, wrong[i]!, missed[i]!))) / right.length;
      },
    };
  },
});

function hasClass(
  targets: Targets,
  { row, index, classes }: { readonly row: number; readonly index: number; readonly classes: number },
): boolean {
  if (targets.kind === 'none') return false;
  return targets.kind === 'index'
    ? targets.values[row] === index
    : targets.values[row * classes + index] === 1;
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

function scoreOf(right: number, wrong: number, missed: number): number {
  const decisions = 2 * right + wrong + missed;
  return decisions === 0 ? 0 : (2 * right) / decisions;
}
