import { Graph } from '../graph.js';
import { isInput, isState, leafName } from '../leaves.js';
import { nodesOf, type Program } from '../program.js';
import type { Tensor } from '../tensor.js';
import type { Rewriter } from './rewrite.js';

/**
 * Rebuilds a program in a graph of its own. A graph keeps every node it ever made, so constants that passes bind or
 * fold in the graph a model was traced in would stay in memory as long as the model does.
 *
 * @param rewrite gives the replacement of a node whose inputs have been replaced already; undefined for the same node
 */
export function transplant(
  target: Program,
  rewrite: (...node: [...Parameters<Rewriter>, Graph]) => Tensor | undefined = () => undefined,
): Program {
  const graph = new Graph();
  const replaced = new Map<Tensor, Tensor>();
  for (const node of nodesOf(target)) {
    const inputs = node.inputs.map((input) => replaced.get(input)!);
    const copy = () => rewrite(node, inputs, graph) ?? copied(graph, node, inputs);
    replaced.set(node, graph.scoped(node.scope, copy));
  }
  const moved = (node: Tensor) => replaced.get(node)!;
  return {
    name: target.name,
    inputs: target.inputs.map(moved),
    state: target.state.map(({ name, current, next }) => ({
      name,
      current: replaced.get(current) ?? copied(graph, current, []),
      next: moved(next),
    })),
    outputs: new Map([...target.outputs].map(([name, node]) => [name, moved(node)])),
  };
}

function copied(graph: Graph, node: Tensor, inputs: readonly Tensor[]): Tensor {
  if (isInput(node)) return graph.input(leafName(node), node.shape, node.dtype);
  if (isState(node)) return graph.state(leafName(node), node.shape, node.dtype);
  return graph.node(node.operation, inputs, node.attributes);
}
