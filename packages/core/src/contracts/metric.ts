import type { Shape } from '@limbeck/graph';
import type { OptionSchema } from './contribution.js';
import type { TargetKind, Targets } from './targets.js';

/** A feature that a metric looks at, besides the logits of the deployed model. */
export interface MetricFeature {
  /** Whose it is: the student's in evaluation mode, or that of the teacher the metric compares with. */
  readonly of: 'student' | 'teacher';
  /**
   * Tap name or layer path: `embedding`, `stage3`. `logits` of the student are those of the deployed model. What its
   * distillers' layers and projectors give counts as the student's, below the distiller's place:
   * `projector-ensemble.projectors`.
   */
  readonly path: string;
  /** Averages maps [N, C, H, W] over positions and tokens [N, T, D] over tokens. Default false. */
  readonly pooled?: boolean;
}

/** A feature as it is there for a metric. */
export interface MeasuredFeature extends MetricFeature {
  /** What messages call it: `'embedding' of teacher 'resnet32x4'`. */
  readonly title: string;
  /** Of one image: [D], or [C, H, W] of a map that is not pooled. */
  readonly shape: Shape;
}

/** One batch of predictions, with the features the metric asks for by its own names for them. */
export interface Predictions<Feature extends string = never> {
  /** Row-major [count, classes], perhaps followed by rows of padding. */
  readonly logits: Float32Array;
  /** Of one of the kinds the metric reads, perhaps followed by padding; `noTargets` for one that reads none. */
  readonly targets: Targets;
  /** Samples that count. */
  readonly count: number;
  readonly classes: number;
  /** Row-major [count, ...shape], perhaps followed by rows of padding. */
  readonly features: Readonly<Record<Feature, Float32Array>>;
}

/** Sums up predictions over a split. */
export interface MetricAccumulator<Feature extends string = never> {
  add(batch: Predictions<Feature>): void;
  value(): number;
}

/** How values of a metric are shown: shares as `84.30 %`, anything else as a number, perhaps with a unit behind it. */
export type MetricFormat = { readonly as: 'percent' } | { readonly as: 'number'; readonly unit?: string };

/**
 * A figure of merit of a classifier over a split: of its logits alone, or also of features of it and of its teacher. What
 * nothing asks for is neither computed nor compiled.
 *
 * @example
 * defineMetric({
 *   id: 'embedding-distance',
 *   description: 'mean distance of the embeddings of student and teacher',
 *   better: 'lower',
 *   features: () => ({
 *     ours: { of: 'student', path: 'embedding' },
 *     theirs: { of: 'teacher', path: 'embedding' },
 *   }),
 *   create(_, { ours, theirs }) {
 *     requireSameShape(ours, theirs);
 *     return { add: ({ count, features }) => sumUp(features.ours, features.theirs, count), value: () => mean() };
 *   },
 * });
 */
export interface Metric<Options = unknown, Feature extends string = string> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  /** Which way is better: decides what "best" means. */
  readonly better: 'higher' | 'lower';
  /** How its values are shown. Default: as numbers without a unit. */
  readonly format?: MetricFormat;
  /**
   * Kinds of targets it reads, any one of which will do; for data with others it is refused. Default: it reads none, and is
   * there for data without labels.
   */
  readonly targets?: readonly TargetKind[];
  /** What it looks at besides logits and targets, by names of its own. Default nothing. */
  features?(options: Options): Readonly<Record<Feature, MetricFeature>>;
  /**
   * Called once before a run begins, so that what does not fit is refused then, and for every evaluation of a split.
   *
   * @param features what it asked for
   * @throws LimbeckError SHAPE_MISMATCH naming both features and both shapes where they cannot be compared
   */
  create(options: Options, features: Readonly<Record<Feature, MeasuredFeature>>): MetricAccumulator<Feature>;
}

/** Declares a metric; the identity function, with types. */
export function defineMetric<Options, Feature extends string = never>(
  metric: Metric<Options, Feature>,
): Metric<Options, Feature> {
  return metric;
}
