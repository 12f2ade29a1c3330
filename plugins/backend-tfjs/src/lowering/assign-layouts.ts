import { type Conv2dAttributes, isState, type Program, type Tensor } from '@limbeck/graph';
import { weightLayout } from './convolution-kinds.js';
import { type Layout, logical, sameLayout } from './layout.js';
import type { LayoutRule } from './lowering.js';
import type { ProgramFacts } from './program-facts.js';

/** State may follow state: a momentum its gradient, a copy of the weights the weights. Longer chains do not occur. */
const rounds = 3;

/** How the result of a node that is no leaf lies in memory. */
export type RuleOf = (node: Tensor) => LayoutRule<never>;

/**
 * The layout of every tensor of a program, so that few values are ever moved: maps stay channels-last from the first
 * convolution on, and weights, with their momenta, are kept for good as the kernels read them.
 */
export function assignLayouts(
  program: Program,
  { nodes }: ProgramFacts,
  ruleOf: RuleOf,
): ReadonlyMap<Tensor, Layout> {
  const states = new Map<Tensor, Layout>();
  for (const { operation, inputs, attributes, shape } of nodes) {
    const weight = inputs[1];
    if (operation.name !== 'conv2d' || weight === undefined || !isState(weight)) continue;
    const sizes = { inputs: inputs[0]!.shape[1]!, outputs: shape[1]! };
    states.set(weight, weightLayout(attributes as unknown as Conv2dAttributes, sizes));
  }
  const ruled = nodes.map((node) => ({
    node,
    rule: node.operation.kind === 'leaf' ? undefined : ruleOf(node),
  }));
  const weights = new Set(states.keys());
  for (let round = 1; ; round++) {
    const layouts = flow(ruled, states);
    let settled = true;
    for (const { current, next } of program.state) {
      if (weights.has(current) || next === current) continue;
      const wanted = layouts.get(next)!;
      if (sameLayout(wanted, layouts.get(current)!)) continue;
      states.set(current, wanted);
      settled = false;
    }
    if (settled || round === rounds) return settled ? layouts : flow(ruled, states);
  }
}

/** A node and how its result lies in memory; leaves have no rule. */
interface Ruled {
  readonly node: Tensor;
  readonly rule: LayoutRule<never> | undefined;
}

/** What follows for every node when state lies as given. */
function flow(nodes: readonly Ruled[], states: ReadonlyMap<Tensor, Layout>): Map<Tensor, Layout> {
  const layouts = new Map<Tensor, Layout>();
  const layoutOf = (tensor: Tensor) => layouts.get(tensor)!;
  for (const { node, rule } of nodes) {
    const own = logical(node.shape.length);
    if (rule === undefined) layouts.set(node, states.get(node) ?? own);
    else if (rule.onDemand) layouts.set(node, own);
    else layouts.set(node, rule.layout?.(node, layoutOf, node.attributes as never) ?? own);
  }
  return layouts;
}
