import { LimbeckError } from '@limbeck/core';
import type { OnnxModel } from '@limbeck/formats';
import { countValues } from './count-values.js';
import { findExtremes } from './extremes.js';
import type { Histogram } from './histogram.js';
import type { Range } from './levels.js';
import type { BatchRun } from './run-batches.js';

export interface ObserveOptions extends BatchRun {
  /** Bytes of maps that leave the model at a time, where they are counted. Default 256 MiB. */
  readonly groupBytes?: number;
}

/**
 * Runs a float model over calibration batches and gives the range of values: once for the smallest and largest, and
 * where values are counted, once more for each group of maps.
 *
 * @throws LimbeckError PRECONDITION where there is no batch, NON_FINITE naming the value that is not a number
 */
export async function observe(
  model: OnnxModel,
  values: readonly string[],
  options: ObserveOptions,
): Promise<ReadonlyMap<string, Range>> {
  const { calibration, groupBytes = 2 ** 28 } = options;
  const { method = 'min-max', percentile = 99.99 } = calibration;
  if (method === 'percentile' && !(percentile > 50 && percentile <= 100)) {
    throw new LimbeckError('CONFIG_INVALID', `the percentile of the calibration is ${percentile}`, {
      hint: 'give a number above 50, up to 100, such as 99.99',
    });
  }
  const extremes = await findExtremes(model, values, options);
  if (method === 'min-max') return extremes;
  // zeros stay what they are, so they tell nothing
  const zeros = method === 'percentile';
  const histograms = await countValues(model, extremes, { zeros, groupBytes }, options);
  const rare = (100 - percentile) / 200;
  const rangeOf = (histogram: Histogram) =>
    method === 'entropy' ? histogram.leastDivergence() : histogram.within(rare);
  return new Map([...histograms].map(([value, histogram]) => [value, rangeOf(histogram)]));
}
