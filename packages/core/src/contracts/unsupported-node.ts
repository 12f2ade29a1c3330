import type { Tensor } from '@limbeck/graph';
import { LimbeckError } from '../errors.js';

/**
 * For backends: the error for a node of a program that they cannot take.
 *
 * @param message is completed by the node's scope
 */
export function unsupportedNode({ operation, scope }: Tensor, message: string, hint: string): LimbeckError {
  return new LimbeckError('BACKEND_UNSUPPORTED', `${message}${scope === '' ? '' : ` at ${scope}`}`, {
    hint,
    details: { operation: operation.name, scope },
  });
}
