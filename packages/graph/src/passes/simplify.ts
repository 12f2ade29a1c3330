import type { Program } from '../program.js';
import type { Tensor } from '../tensor.js';
import { foldBatchNorm } from './fold-batch-norm.js';
import { foldConstants } from './fold-constants.js';
import { inlineComposites } from './inline-composites.js';
import { transplant } from './transplant.js';

/**
 * The passes every program goes through before a backend lowers it: frozen layers are folded, composites nobody claims
 * are decomposed, what depends on constants alone is computed. The result has a graph of its own.
 *
 * @param claims true for composite nodes the backend lowers as they are
 */
export function simplify(target: Program, claims?: (node: Tensor) => boolean): Program {
  return foldConstants(inlineComposites(foldBatchNorm(foldConstants(transplant(target))), claims));
}
