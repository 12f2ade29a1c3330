import { LimbeckError, noTargets, targetsOf } from '@limbeck/core';
import { createEvalLoader, evaluatedImages, type RunDataset } from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import { mostLikely } from '../analysis/most-likely.js';
import { type Classifier, checkLogits } from '../execute/classifier.js';
import type { MetricChoice } from '../run/choices.js';
import type { MetricValues } from '../run/facts.js';
import { indexNotFinite } from '../run/finite.js';
import { measuring, requireTargetsOf } from './measuring.js';
import type { PlannedMetric } from './plan-metrics.js';
import type { SplitFeatures } from './teacher-features.js';
import { thinned } from './thinned.js';

/** What {@link evaluate} measures, and on which samples. */
export interface EvaluateOptions {
  readonly classifier: Classifier;
  /** What errors call it, such as `the student` or `teacher 'wise'`. Default `the model`. */
  readonly model?: string;
  readonly dataset: RunDataset;
  /** Default `test`. */
  readonly split?: 'train' | 'test';
  /** So many of its samples, evenly spread. Default all. */
  readonly samples?: number;
  /** Those that look at features have to be planned, and the classifier to give them. */
  readonly metrics: readonly (MetricChoice | PlannedMetric)[];
  /** What teachers give about the samples, for metrics that compare with them. */
  readonly teachers?: SplitFeatures;
  /** For classifiers that take any number of images. Default 100. */
  readonly batchSize?: number;
  /** Keep every logit, not only the predictions. */
  readonly keepLogits?: boolean;
  /** Asked after each batch. */
  readonly stop?: () => boolean;
}

/** What a model makes of a split. */
export interface Evaluation {
  readonly metrics: MetricValues;
  readonly samples: number;
  /** Share of right predictions; absent where the split has no class indices. */
  readonly accuracy?: number;
  /** Most likely class of every sample. */
  readonly predictions: Int32Array;
  /** Row-major [samples, classes], where they were asked for. */
  readonly logits?: Float32Array;
  readonly seconds: number;
}

/**
 * Runs a model over every sample of a split.
 *
 * @throws LimbeckError SHAPE_MISMATCH where model and data do not fit, NON_FINITE where logits are not
 * finite, INTERRUPTED where `stop` said so, PRECONDITION where a metric looks at features that nobody gives
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { classifier, dataset, stop = () => false } = options;
  const started = performance.now();
  const { classes, imageShape } = dataset;
  const split = thinned(dataset[options.split ?? 'test'], options.samples);
  const batchSize = classifier.batchSize ?? options.batchSize ?? 100;
  const loader = createEvalLoader({ ...evaluatedImages(dataset), split, batchSize });
  const name = options.split ?? 'test';
  for (const metric of options.metrics) requireTargetsOf(metric, targetsOf(split).kind, name);
  const metrics = options.metrics.map((metric) => measuring(metric, options.teachers));
  const predictions = new Int32Array(loader.samples);
  const kept = options.keepLogits ? new Float32Array(loader.samples * classes) : undefined;
  let right = 0;
  const bad: number[] = [];
  for (let step = 0; step < loader.batches; step++) {
    const { images, targets, count } = await loader.batch(step);
    const labels = targets.kind === 'index' ? targets.values : undefined;
    const image = tensorData('float32', [batchSize, ...imageShape], images);
    const answer = await classifier.run(image);
    const logits = checkLogits(answer.logits, [batchSize, classes]);
    const first = step * batchSize;
    for (let row = 0; row < count; row++) {
      const predicted = mostLikely(logits, row * classes, classes);
      predictions[first + row] = predicted;
      if (predicted === labels?.[row]) right++;
    }
    bad.push(...rowsNotFinite(logits, count, classes).map((row) => first + row));
    // the rest of the split is looked at for the count alone
    if (stop()) throw new LimbeckError('INTERRUPTED', 'the evaluation was interrupted');
    if (bad.length > 0) continue;
    kept?.set(logits.subarray(0, count * classes), first * classes);
    for (const { accumulator, featuresOf, readsTargets } of metrics) {
      const features = featuresOf(answer, { first, count });
      const seen = readsTargets ? targets : noTargets;
      accumulator.add({ logits, targets: seen, count, classes, features });
    }
  }
  if (bad.length > 0) throw notFinite(options.model ?? 'the model', name, { bad, samples: loader.samples });
  return {
    metrics: Object.fromEntries(metrics.map(({ name, accumulator }) => [name, accumulator.value()])),
    samples: loader.samples,
    ...(targetsOf(split).kind === 'index' ? { accuracy: right / loader.samples } : {}),
    predictions,
    logits: kept,
    seconds: (performance.now() - started) / 1000,
  };
}

function rowsNotFinite(logits: Float32Array, rows: number, classes: number): number[] {
  if (indexNotFinite(logits.subarray(0, rows * classes)) < 0) return [];
  return Array.from({ length: rows }, (_, row) => row).filter(
    (row) => indexNotFinite(logits.subarray(row * classes, (row + 1) * classes)) >= 0,
  );
}

function notFinite(
  model: string,
  split: string,
  { bad, samples }: { bad: readonly number[]; samples: number },
): LimbeckError {
  const [first] = bad;
  return new LimbeckError(
    'NON_FINITE',
    `${model} gives logits that are not finite for ${bad.length} of ${samples} images of the ${split} split, first for image ${first}`,
    {
      hint: 'do its weights and the normalisation fit the data? After training, try a lower learning rate or a warm-up',
      details: { model, split, images: bad.length, samples, first },
    },
  );
}

/** How alike two evaluations of one split are. */
export interface Agreement {
  /** Share of samples with the same prediction. */
  readonly predictions: number;
  /** Largest absolute difference between logits, where both evaluations kept them. */
  readonly logits?: number;
}

/** Compares two models by what they make of one split, such as a trained student and its exported file. */
export function agreementOf(a: Evaluation, b: Evaluation): Agreement {
  if (a.samples !== b.samples) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `evaluations of ${a.samples} and of ${b.samples} samples cannot be compared`,
    );
  }
  const same = a.predictions.reduce((sum, value, i) => sum + Number(value === b.predictions[i]), 0);
  const predictions = same / a.samples;
  if (a.logits === undefined || b.logits === undefined) return { predictions };
  const other = b.logits;
  const difference = a.logits.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
  return { predictions, logits: difference };
}
