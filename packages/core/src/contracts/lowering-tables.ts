import {
  type CompositeName,
  compositeName,
  type PrimitiveName,
  primitiveName,
  type Tensor,
} from '@limbeck/graph';
import { unsupportedNode } from './unsupported-node.js';

/** For backends: what a table of composites that are not decomposed holds for a node; undefined where it has nothing. */
export function claimFor<Claim>(
  claims: { readonly [K in CompositeName]?: Claim },
  node: Tensor,
): Claim | undefined {
  const name = compositeName(node);
  return name === undefined ? undefined : claims[name];
}

/**
 * For backends: what a table of all primitives holds for a node.
 *
 * @param unknown what messages say of an operation that is none: `the ONNX backend does not know`
 * @throws LimbeckError BACKEND_UNSUPPORTED naming the operation and its scope where the node is no primitive of the graph
 */
export function primitiveEntry<Entry>(
  table: { readonly [K in PrimitiveName]: Entry },
  node: Tensor,
  unknown: string,
): Entry {
  const name = primitiveName(node);
  if (name !== undefined) return table[name];
  throw unsupportedNode(
    node,
    `${unknown} '${node.operation.name}'`,
    'write it as a composite of the operations of @limbeck/graph',
  );
}
