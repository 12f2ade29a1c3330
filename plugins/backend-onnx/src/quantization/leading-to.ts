import type { OnnxModel, OnnxNode } from '@limbeck/formats';

/** A model without the nodes and constants that none of its outputs needs; the runtime would compute them. */
export function leadingTo(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  // whoever makes a value stands before whoever reads it
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    nodes.push(node);
  }
  const initializers = graph.initializers.filter(({ name }) => needed.has(name));
  return { ...model, graph: { ...graph, nodes: nodes.reverse(), initializers } };
}
