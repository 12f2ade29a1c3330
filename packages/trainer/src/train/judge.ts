import type { Metric } from '@limbeck/core';
import type { MetricValues } from '../events.js';
import type { RunSpec } from '../run-spec.js';
import type { Progress } from './progress.js';

/**
 * Takes an evaluation into account: the latest, the best by the first metric, early stopping.
 *
 * @returns whether it is the best so far
 */
export function judge(
  progress: Progress,
  test: MetricValues,
  { metrics, earlyStopping }: Pick<RunSpec, 'metrics' | 'earlyStopping'>,
): boolean {
  const { id, better } = metrics[0]!.contribution;
  const value = test[id]!;
  const epoch = progress.epoch + 1;
  progress.last = { ...test };
  const isBest = progress.best === undefined || gain(better, progress.best.values[id]!, value) > 0;
  if (isBest) progress.best = { epoch, step: progress.step, values: { ...test } };
  if (earlyStopping === undefined) return isBest;
  const { patience } = progress;
  if (patience === undefined || gain(better, patience.reference, value) > earlyStopping.minDelta) {
    progress.patience = { reference: value, evaluations: 0 };
    return isBest;
  }
  patience.evaluations++;
  if (patience.evaluations >= earlyStopping.patience) {
    const often = patience.evaluations === 1 ? 'evaluation' : `${patience.evaluations} evaluations`;
    progress.stopped = `${id} has not improved on ${patience.reference} by more than ${earlyStopping.minDelta} in the last ${often}`;
  }
  return isBest;
}

const gain = (better: Metric['better'], before: number, now: number): number =>
  better === 'higher' ? now - before : before - now;
