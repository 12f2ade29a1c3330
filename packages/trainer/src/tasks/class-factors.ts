import { LimbeckError } from '@limbeck/core';
import { type Graph, type Tensor, tensorData } from '@limbeck/graph';
import { z } from 'zod';

/** The schema of an option with one number for each class. */
export const perClass = z.array(z.number().nonnegative()).min(1).optional();

/**
 * One number for each class, [classes].
 *
 * @param name of the option
 * @throws LimbeckError SHAPE_MISMATCH where there are more or fewer than classes, PRECONDITION where all are 0
 */
export function classFactors(graph: Graph, name: string, values: readonly number[], classes: number): Tensor {
  if (values.length !== classes) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `task.${name} has ${values.length} numbers, the data has ${classes} classes`,
      { hint: 'give one number for each class, in the order of the classes' },
    );
  }
  if (values.every((value) => value === 0)) {
    throw new LimbeckError('PRECONDITION', `task.${name} is 0 for every class, so nothing is learnt`);
  }
  return graph.constant(tensorData('float32', [classes], Float32Array.from(values)));
}
