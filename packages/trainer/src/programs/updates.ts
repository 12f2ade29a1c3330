import { ancestors, isInput, isState, leafName, type Tensor } from '@limbeck/graph';
import type { Trace } from '@limbeck/nn';

/** Everything that tensors depend on, down into decompositions. */
const reachedFrom = (roots: readonly Tensor[]): Set<Tensor> =>
  new Set(ancestors(roots, { throughComposites: true }));

/**
 * The updates of buffers that belong to what a step computes: statistics of features it reaches, and new values of what
 * it reads. Whatever else is left out, or layers that nobody needs would be computed for their statistics alone.
 *
 * @param traces passes through one model, each after the one before it; the latest whose features are all reached counts
 */
export function updatesWithin(roots: readonly Tensor[], traces: readonly Trace[]): Map<string, Tensor> {
  const reached = reachedFrom(roots);
  const updates = new Map<string, Tensor>();
  for (const { updates: offered, variables } of traces) {
    const buffers = new Map([...variables.values()].map(({ stateName, tensor }) => [stateName, tensor]));
    for (const [name, next] of offered) {
      const leaves = ancestors([next]).filter((node) => isInput(node) || isState(node));
      const isReached = leaves.every((leaf) => reached.has(leaf) || leafName(leaf) === name);
      if (isReached || reached.has(buffers.get(name)!)) updates.set(name, next);
    }
  }
  return updates;
}
