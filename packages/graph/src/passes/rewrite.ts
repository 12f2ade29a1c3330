import type { Program } from '../program.js';
import { nodesOf } from '../program.js';
import type { Tensor } from '../tensor.js';

/** Gives the replacement of a node whose inputs have been replaced already. */
export type Rewriter = (node: Tensor, inputs: readonly Tensor[]) => Tensor;

/** The same node over other inputs; the node itself when none changed. */
export function rebuild(node: Tensor, inputs: readonly Tensor[]): Tensor {
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  return node.graph.scoped(node.scope, () => node.graph.node(node.operation, inputs, node.attributes));
}

/**
 * Rebuilds a program with every node replaced as `rewrite` says, inputs first. Nodes nothing depends on any more fall
 * away by themselves, inputs and state stay declared.
 */
export function rewriteProgram(target: Program, rewrite: Rewriter): Program {
  const replaced = new Map<Tensor, Tensor>();
  for (const node of nodesOf(target)) {
    replaced.set(
      node,
      rewrite(
        node,
        node.inputs.map((input) => replaced.get(input)!),
      ),
    );
  }
  return {
    name: target.name,
    inputs: target.inputs,
    state: target.state.map((slot) => ({ ...slot, next: replaced.get(slot.next) ?? slot.next })),
    outputs: new Map([...target.outputs].map(([name, node]) => [name, replaced.get(node)!])),
  };
}
