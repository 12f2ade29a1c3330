import { primitiveEntry, unsupportedNode } from '@limbeck/core/backend';
import { type DType, formatShape, type PrimitiveName, type Tensor } from '@limbeck/graph';
import { claimOn } from './claims.js';
import type { Lowering } from './lowering.js';
import { primitiveLowerings } from './primitives.js';
import { shapeFault } from './shape-limits.js';

/** Element types TensorFlow moves about, but has few kernels to compute in. */
const stored: ReadonlySet<DType> = new Set<DType>(['bfloat16', 'int8', 'uint8']);

/** Operations that only move elements, or turn them into something to compute with. */
const movers: ReadonlySet<string> = new Set<PrimitiveName>([
  'cast',
  'stopGradient',
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'concat',
  'gather',
]);

/**
 * How a node that is no leaf is written.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED naming the operation and its scope
 */
export function loweringOf(node: Tensor): Lowering<never> {
  const { operation, inputs, shape } = node;
  const odd = [node, ...inputs].find(({ dtype }) => stored.has(dtype));
  if (odd !== undefined && !movers.has(operation.name)) {
    throw unsupportedNode(
      node,
      `the tfjs backend does not compute in ${odd.dtype}: '${operation.name}'`,
      'cast to float32 or int32 first',
    );
  }
  const fault = shapeFault(node);
  if (fault !== undefined) {
    const shapes = inputs.map((input) => formatShape(input.shape)).join(', ');
    throw unsupportedNode(
      node,
      `the tfjs backend does not run '${operation.name}' of ${shapes} to ${formatShape(shape)}: ${fault}`,
      'reshape neighbouring axes into one before',
    );
  }
  if (operation.kind === 'composite') return claimOn(node)!;
  return primitiveEntry<Lowering<never>>(primitiveLowerings, node, 'the tfjs backend does not know');
}
