import { LimbeckError, type MetricAccumulator, type TargetKind } from '@limbeck/core';
import { requireTargets } from '@limbeck/core/host';
import { sizeOf } from '@limbeck/graph';
import { poolValues } from '../analysis/pool.js';
import type { Answer } from '../execute/classifier.js';
import { type MetricChoice, metricName } from '../run/choices.js';
import { needsLogitsAlone, type PlannedFeature, type PlannedMetric } from './plan-metrics.js';
import { featureKey, type SplitFeatures } from './teacher-features.js';

/** Rows of a split that a batch holds. */
interface Rows {
  readonly first: number;
  readonly count: number;
}

/** A metric at work on a split. */
export interface MeasuringMetric {
  readonly name: string;
  readonly accumulator: MetricAccumulator<string>;
  /** Whether it is given the targets. */
  readonly readsTargets: boolean;
  /** What it looks at in a batch, by its own names. */
  featuresOf(answer: Answer, rows: Rows): Readonly<Record<string, Float32Array>>;
}

/**
 * Prepares a metric for a split.
 *
 * @param teachers what they give about the split
 * @throws LimbeckError PRECONDITION where it looks at features that are not there
 */
export function measuring(
  metric: MetricChoice | PlannedMetric,
  teachers: SplitFeatures | undefined,
): MeasuringMetric {
  const name = metricName(metric);
  const features = 'features' in metric ? metric.features : {};
  if (!('features' in metric) && !needsLogitsAlone(metric)) throw missing(name);
  const sources = Object.entries(features).map(([key, feature]) => {
    const source = feature.of === 'student' ? studentRows(feature) : teacherRows(feature, name, teachers);
    return [key, source] as const;
  });
  return {
    name,
    accumulator: metric.contribution.create(metric.options, features),
    readsTargets: (metric.contribution.targets ?? []).length > 0,
    featuresOf: (answer, rows) =>
      Object.fromEntries(sources.map(([key, source]) => [key, source(answer, rows)])),
  };
}

/** @throws LimbeckError PRECONDITION where a metric cannot read the targets of a split, naming both */
export function requireTargetsOf(metric: MetricChoice, given: TargetKind, split: string): void {
  requireTargets(`metric '${metricName(metric)}'`, metric.contribution.targets, given, `the ${split} split`);
}

type Source = (answer: Answer, rows: Rows) => Float32Array;

function studentRows({ output, pooled, given }: PlannedFeature): Source {
  return (answer, { count }) => {
    const values = answer[output]!.data as Float32Array;
    return pooled ? poolValues(values, given, count) : values;
  };
}

function teacherRows(feature: PlannedFeature, name: string, teachers: SplitFeatures | undefined): Source {
  const all = teachers?.get(featureKey(feature));
  if (all === undefined) throw missing(name);
  const size = sizeOf(feature.shape);
  return (_, { first, count }) => all.subarray(first * size, (first + count) * size);
}

const missing = (name: string): LimbeckError =>
  new LimbeckError('PRECONDITION', `metric '${name}' looks at features that are not there`, {
    hint: 'it is followed while a student trains; leave it out here',
  });
