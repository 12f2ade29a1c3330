import { findBatchAxes, requireStateless } from '@limbeck/core/backend';
import type { TensorflowModel } from '@limbeck/formats';
import { type Program, verify } from '@limbeck/graph';
import { lower, prepare } from '../lowering/lower.js';

/** What loaders and servers call when they are not told otherwise. */
export const servingSignature = 'serving_default';

/**
 * A program without state as a graph of TensorFlow for batches of any size.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED for a program with state, and for one that computes across the batch
 */
export function exportModel(program: Program): TensorflowModel {
  verify(program);
  requireStateless(program);
  const prepared = prepare(program);
  return lower(prepared, { signature: servingSignature, batchAxis: findBatchAxes(prepared) });
}
