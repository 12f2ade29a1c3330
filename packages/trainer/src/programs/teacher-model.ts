import { LimbeckError } from '@limbeck/core';
import { type DType, formatShape, type Program, type Shape, type Tensor } from '@limbeck/graph';
import type { Trace, Variable } from '@limbeck/nn';

/** A feature of a teacher: element type and shape, batch included. */
export interface FeatureShape {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * What a teacher is to planning, whatever computes it: features under paths, with their shapes for one size of batch. A
 * traced backbone is one, a model from a file another.
 */
export interface TeacherModel {
  /** Of the backbone, or the name of the file. */
  readonly id: string;
  /** Every path that distillers may ask for, `embedding` and `logits` among them where it has them. */
  readonly taps: readonly string[];
  /** @throws LimbeckError UNKNOWN_TAP with suggestions */
  feature(path: string): FeatureShape;
  /** Parameters and buffers that weights are loaded for; none where a file brings its own. */
  readonly variables: ReadonlyMap<string, Variable>;
  /**
   * The frozen classifier on another embedding [N, D], in the graph of the trace.
   *
   * @throws LimbeckError SHAPE_MISMATCH; PRECONDITION where nobody knows which part is the classifier
   */
  classify(frozen: Trace, embedding: Tensor): Tensor;
  /** image [N, C, H, W] -> the features, each under its path; absent where the teacher is no program of ours. */
  program?(paths: readonly string[]): Program;
}

/**
 * For classifiers: refuses what is no embedding of the width they read.
 *
 * @throws LimbeckError SHAPE_MISMATCH
 */
export function checkEmbedding(id: string, embedding: Tensor, width: number): void {
  if (embedding.shape.length === 2 && embedding.shape[1] === width) return;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `the classifier of teacher '${id}' reads embeddings [N, ${width}], not ${formatShape(embedding.shape)}`,
    { hint: 'give it what stands for the map its own embedding is pooled from' },
  );
}
