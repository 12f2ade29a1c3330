import type { Metric } from '@limbeck/core';
import { metricName } from '../run/choices.js';
import type { MetricValues } from '../run/facts.js';
import type { Progress } from '../run/progress.js';
import type { RunSpec } from '../run/run-spec.js';

/**
 * Takes an evaluation into account: the latest, the best by the first metric, early stopping.
 *
 * @returns whether it is the best so far
 */
export function recordEvaluation(
  progress: Progress,
  test: MetricValues,
  { metrics, earlyStopping }: Pick<RunSpec, 'metrics' | 'earlyStopping'>,
): boolean {
  const first = metrics[0]!;
  const name = metricName(first);
  const { better } = first.contribution;
  const epoch = progress.epoch + 1;
  progress.last = { ...test };
  const isBest = progress.best === undefined || gain(better, progress.best.values[name]!, test[name]!) > 0;
  if (isBest) progress.best = { epoch, step: progress.step, values: { ...test } };
  if (earlyStopping !== undefined) {
    const watched = metrics.find((metric) => metricName(metric) === earlyStopping.metric) ?? first;
    count(progress, { name: metricName(watched), better: watched.contribution.better, test, earlyStopping });
  }
  return isBest;
}

/** Counts epochs since the value to beat; says so once they are too many. */
function count(
  progress: Progress,
  {
    name,
    better,
    test,
    earlyStopping,
  }: {
    name: string;
    better: Metric['better'];
    test: MetricValues;
    earlyStopping: NonNullable<RunSpec['earlyStopping']>;
  },
): void {
  const value = test[name]!;
  const { patience } = progress;
  if (patience === undefined || gain(better, patience.reference, value) > earlyStopping.minDelta) {
    progress.patience = { reference: value, epoch: progress.epoch + 1 };
    return;
  }
  const epochs = progress.epoch + 1 - patience.epoch;
  if (epochs >= earlyStopping.patience) {
    const long = epochs === 1 ? 'epoch' : `${epochs} epochs`;
    progress.stopped = `${name} has not improved on ${patience.reference} by more than ${earlyStopping.minDelta} in the last ${long}`;
  }
}

const gain = (better: Metric['better'], before: number, now: number): number =>
  better === 'higher' ? now - before : before - now;
