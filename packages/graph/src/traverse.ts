import { isInput, isState } from './leaves.js';
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

/** An input or state leaf that `result` depends on other than through `inputs`. */
export function capturedLeaf(result: Tensor, inputs: readonly Tensor[]): Tensor | undefined {
  const seen = new Set<Tensor>(inputs);
  const stack = [result];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    if (isInput(node) || isState(node)) return node;
    stack.push(...node.inputs);
  }
  return undefined;
}
