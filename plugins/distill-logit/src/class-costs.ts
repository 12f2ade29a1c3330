import { LimbeckError, type ModelView } from '@limbeck/core';
import {
  directionsOf,
  exp,
  type Graph,
  matmul,
  maximum,
  mul,
  neg,
  oneHot,
  sub,
  type Tensor,
  tensorData,
  transpose,
} from '@limbeck/graph';

/** Weights shorter than this point nowhere. */
const shortest = 1e-12;

/**
 * How unlike the classes are for a model: 1 - cosine of two rows of its classifier, or a matrix of distances given by the
 * user.
 */
export type ClassDistance = 'cosine' | readonly (readonly number[])[];

/** What a model's classifier makes of each single feature: its weights [classes, D], where it is one linear layer. */
export function classifierRows(model: ModelView): Tensor {
  const { graph, shape } = model.embedding;
  const width = shape[1]!;
  const indices = Int32Array.from({ length: width }, (_, i) => i);
  const identity = oneHot(graph.constant(tensorData('int32', [width], indices)), width);
  const offset = model.classify(graph.constant(tensorData('float32', [1, width])));
  return transpose(sub(model.classify(identity), offset), [1, 0]);
}

/**
 * Distances [classes, classes] of the classes to a model, 0 from each to itself.
 *
 * @throws LimbeckError PRECONDITION where a given matrix has another size or negative entries
 */
export function classDistances(model: ModelView, classes: number, distance: ClassDistance): Tensor {
  if (typeof distance !== 'string') return givenDistances(model.embedding.graph, classes, distance);
  const { directions } = directionsOf(classifierRows(model), shortest);
  const cosines = matmul(directions, directions, { transposeB: true });
  // rounding may leave a class at a distance below 0 from itself
  return maximum(sub(1, cosines), 0);
}

function givenDistances(graph: Graph, classes: number, rows: readonly (readonly number[])[]): Tensor {
  const wrong = rows.find((row) => row.length !== classes);
  if (rows.length !== classes || wrong !== undefined) {
    throw new LimbeckError(
      'PRECONDITION',
      `distances of ${classes} classes are a matrix [${classes}, ${classes}], not [${rows.length}, ${(wrong ?? rows[0])?.length ?? 0}]`,
    );
  }
  const values = Float32Array.from(rows.flat());
  if (!values.every((value) => value >= 0 && Number.isFinite(value))) {
    throw new LimbeckError('PRECONDITION', 'distances of classes must be finite and not negative');
  }
  return graph.constant(tensorData('float32', [classes, classes], values));
}

/** Costs 1 - e^(-sharpness d) of distances, in [0, 1): near classes apart, far ones alike. 0: the distances themselves. */
export const sharpened = (distances: Tensor, sharpness: number): Tensor =>
  sharpness === 0 ? distances : sub(1, exp(neg(mul(distances, sharpness))));
