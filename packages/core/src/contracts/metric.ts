import type { OptionSchema } from './contribution.js';

/** One batch of predictions. */
export interface Predictions {
  /** Row-major [count, classes], perhaps followed by rows of padding. */
  readonly logits: Float32Array;
  /** Class indices, perhaps followed by padding. */
  readonly labels: Int32Array;
  /** Samples that count. */
  readonly count: number;
  readonly classes: number;
}

/** Sums up predictions over a split. */
export interface MetricAccumulator {
  add(batch: Predictions): void;
  value(): number;
}

/** A figure of merit of a classifier over a split. */
export interface Metric<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  /** Which way is better: decides what "best" means. */
  readonly better: 'higher' | 'lower';
  create(options: Options): MetricAccumulator;
}

/** Declares a metric; the identity function, with types. */
export function defineMetric<Options>(metric: Metric<Options>): Metric<Options> {
  return metric;
}
