import type { StateDict } from '../dtype.js';
import { isState, leafName } from '../leaves.js';
import { checkState, type Program, signatureOf } from '../program.js';
import { transplant } from './transplant.js';

/**
 * Turns state into constants: what a frozen teacher and an exported student are. Updates are dropped; folding can then
 * compute whatever depends on weights alone. The values live as long as the program that is returned.
 */
export function bindState(target: Program, values: StateDict): Program {
  checkState(signatureOf(target), values);
  const frozen = {
    ...target,
    state: target.state.map(({ name, current }) => ({ name, current, next: current })),
  };
  const bound = transplant(frozen, (node, _, graph) =>
    isState(node) ? graph.constant(values.get(leafName(node))!) : undefined,
  );
  return { ...bound, state: [] };
}
