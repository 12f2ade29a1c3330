import type { Shape, Tensor } from '@limbeck/graph';
import type { JsonValue } from '../config/json.js';
import type { Targets } from './targets.js';

/** A feature of the teacher that a preparation looks at. */
export interface PreparedFeature {
  /** Tap name or layer path: `embedding`, `stage3`. */
  readonly path: string;
  /** Averages maps [N, C, H, W] over positions and tokens [N, T, D] over tokens. Default false. */
  readonly pooled?: boolean;
}

/** What a preparation is shown of a batch of training samples. */
export interface PreparationBatch<Feature extends string = string> {
  /** Row-major [count, ...shape], perhaps followed by rows of padding, by the preparation's own names. */
  readonly features: Readonly<Record<Feature, Float32Array>>;
  /** Of one of the kinds the distiller reads, perhaps followed by padding; `noTargets` for one that reads none. */
  readonly targets: Targets;
  /** Samples that count. */
  readonly count: number;
}

/** Sums up what a teacher says about the training samples. */
export interface PreparationAccumulator<Feature extends string = string> {
  /** Hears of every training sample once, in the split's order. */
  add(batch: PreparationBatch<Feature>): void;
  /**
   * The tensors, row-major, by the names they were declared under.
   *
   * @param pause to be awaited now and then in long work: others get a turn, and a run that is to stop does so here
   */
  finish(
    pause: () => Promise<void>,
  ): Readonly<Record<string, Float32Array>> | Promise<Readonly<Record<string, Float32Array>>>;
}

/**
 * What a method has to know of the teacher's features over the training samples before training: means of classes, costs,
 * margins. It is computed once, from images as they are evaluated, and kept on disk for later runs; the tensors are
 * buffers of the distiller, part of every checkpoint, and a resumed run reads them from there.
 *
 * @example
 * const { means } = prepare({
 *   name: 'class-means',
 *   features: { embedding: { path: 'embedding' } },
 *   tensors: { means: [classes, width] },
 *   create: () => classMeans(classes, width),
 * });
 */
export interface Preparation<Feature extends string = string, Name extends string = string> {
  /** What is computed, by a name of its own within the distiller: letters, digits and dashes. */
  readonly name: string;
  /** Everything besides features and targets that the numbers depend on. What was kept for others does not count. */
  readonly parameters?: Readonly<Record<string, JsonValue>>;
  /** What it looks at, by names of its own. */
  readonly features: Readonly<Record<Feature, PreparedFeature>>;
  /** Shapes of what it gives. */
  readonly tensors: Readonly<Record<Name, Shape>>;
  /** Called once for every pass over the training samples. */
  create(): PreparationAccumulator<Feature>;
}

/** Asks for something to be prepared: its tensors by name, float32, constant throughout the run. */
export type Prepare = <Feature extends string, Name extends string>(
  preparation: Preparation<Feature, Name>,
) => Readonly<Record<Name, Tensor>>;
