import { findBatchAxes, LimbeckError } from '@limbeck/core';
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
  const [state] = program.state;
  if (state !== undefined) {
    throw new LimbeckError(
      'BACKEND_UNSUPPORTED',
      `'${program.name}' cannot be exported: it has state, '${state.name}' first of ${program.state.length}`,
      { hint: 'bind the state to values (bindState)' },
    );
  }
  const prepared = prepare(program);
  return lower(prepared, { signature: servingSignature, batchAxis: findBatchAxes(prepared) });
}
