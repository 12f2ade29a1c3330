import { readAs } from '@limbeck/compose';
import type { ResolvedConfig } from '@limbeck/core/host';
import { readRunWeights, readWeightsFile, type Weights } from '@limbeck/trainer';
import type { Target } from './target.js';

/**
 * Reads the weights of a model on disk: those of its epoch, or its file.
 *
 * @param student whose names and parts are taken, where the file is this student's
 */
export function readTarget(
  { model, epoch }: Pick<Target, 'model' | 'epoch'>,
  student?: ResolvedConfig['student'],
): Weights {
  if (epoch !== undefined) return readRunWeights(model, epoch);
  return student === undefined ? readWeightsFile(model) : readAs(model, student);
}
