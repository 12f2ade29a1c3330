import type { Tensor } from './tensor.js';

/**
 * Everything the roots depend on, the roots included, in topological order (inputs first).
 * With `throughComposites`, the decompositions of composites without a gradient rule of their own as well.
 */
export function ancestors(
  roots: readonly Tensor[],
  { throughComposites = false }: { throughComposites?: boolean } = {},
): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [...roots];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
    if (throughComposites && node.operation.kind === 'composite' && node.operation.grad === undefined) {
      stack.push(node.graph.decompositionOf(node));
    }
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
