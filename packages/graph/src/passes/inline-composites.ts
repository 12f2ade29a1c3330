import type { Program } from '../program.js';
import { nodesOf } from '../program.js';
import type { Tensor } from '../tensor.js';
import { ancestors } from '../traverse.js';
import { rebuild } from './rewrite.js';

/**
 * Replaces composites by their decompositions, except those a backend claims.
 *
 * @param claims true for composite nodes to keep
 */
export function inlineComposites(target: Program, claims: (node: Tensor) => boolean = () => false): Program {
  const done = new Map<Tensor, Tensor>();
  // decompositions contain composites again, so the walk follows what it meets
  const resolve = (root: Tensor): Tensor => {
    const known = done.get(root);
    if (known !== undefined) return known;
    for (const node of ancestors([root])) {
      if (done.has(node)) continue;
      const inputs = node.inputs.map((input) => done.get(input)!);
      const rebuilt = rebuild(node, inputs);
      const kept = rebuilt.operation.kind !== 'composite' || claims(rebuilt);
      done.set(node, kept ? rebuilt : resolve(rebuilt.graph.decompositionOf(rebuilt)));
    }
    return done.get(root)!;
  };
  for (const node of nodesOf(target)) resolve(node);
  return {
    name: target.name,
    inputs: target.inputs,
    state: target.state.map((slot) => ({ ...slot, next: done.get(slot.next)! })),
    outputs: new Map([...target.outputs].map(([name, node]) => [name, done.get(node)!])),
  };
}
