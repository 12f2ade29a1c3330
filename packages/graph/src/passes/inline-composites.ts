import type { Program } from '../program.js';
import { nodesOf } from '../program.js';
import type { Tensor } from '../tensor.js';
import { rebuild } from './rewrite.js';

/**
 * Replaces composites by their decompositions, except those a backend claims.
 *
 * @param claims true for composite nodes to keep
 */
export function inlineComposites(target: Program, claims: (node: Tensor) => boolean = () => false): Program {
  const done = new Map<Tensor, Tensor>();
  // a stack of its own: decompositions contain composites again, and programs are deeper than the call stack
  const waiting = nodesOf(target).reverse();
  while (waiting.length > 0) {
    const node = waiting.at(-1)!;
    const missing = done.has(node) ? [] : node.inputs.filter((input) => !done.has(input));
    if (missing.length > 0) {
      waiting.push(...missing);
      continue;
    }
    if (!done.has(node)) {
      const rebuilt = rebuild(
        node,
        node.inputs.map((input) => done.get(input)!),
      );
      const kept = rebuilt.operation.kind !== 'composite' || claims(rebuilt);
      const meaning = kept ? rebuilt : rebuilt.graph.decompositionOf(rebuilt);
      // what is kept stands for itself wherever a decomposition reads it
      if (kept) done.set(rebuilt, rebuilt);
      else if (!done.has(meaning)) {
        waiting.push(meaning);
        continue;
      }
      done.set(node, done.get(meaning)!);
    }
    waiting.pop();
  }
  return {
    name: target.name,
    inputs: target.inputs,
    state: target.state.map((slot) => ({ ...slot, next: done.get(slot.next)! })),
    outputs: new Map([...target.outputs].map(([name, node]) => [name, done.get(node)!])),
  };
}
