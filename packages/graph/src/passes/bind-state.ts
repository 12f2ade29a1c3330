import type { StateDict } from '../dtype.js';
import { isState, leafName } from '../leaves.js';
import { checkState, type Program } from '../program.js';
import { rebuild, rewriteProgram } from './rewrite.js';

/**
 * Turns state into constants: what a frozen teacher and an exported student are. Updates are dropped; folding can then
 * compute whatever depends on weights alone.
 */
export function bindState(target: Program, values: StateDict): Program {
  checkState(target, values);
  const frozen = {
    ...target,
    state: target.state.map(({ name, current }) => ({ name, current, next: current })),
  };
  const bound = rewriteProgram(frozen, (node, inputs) =>
    isState(node) ? node.graph.constant(values.get(leafName(node))!) : rebuild(node, inputs),
  );
  return { ...bound, state: [] };
}
