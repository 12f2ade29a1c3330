import { LimbeckError } from '@limbeck/core';
import { leafName, type Program, simplify, type Tensor } from '@limbeck/graph';
import { assignLayouts } from '../../lowering/assign-layouts.js';
import { isFed } from '../../lowering/fed.js';
import { type Layout, logical } from '../../lowering/layout.js';
import { ProgramFacts } from '../../lowering/program-facts.js';
import type { KernelTarget } from '../device.js';
import { claimOn } from './claims.js';
import { checkShape, kernelOf } from './find-kernel.js';
import { type Plan, type StatePort, slotsOf, withLiveness } from './plan.js';
import { PlanBuilder } from './plan-builder.js';

/**
 * A program as kernel calls for one device.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED naming the operation and its scope
 */
export function lower(target: Program, device: KernelTarget): Plan {
  const program = simplify(target, (node) => claimOn(node, device) !== undefined);
  const facts = new ProgramFacts(program);
  const kernelFor = (node: Tensor) => kernelOf(node, device);
  const layouts = assignLayouts(program, facts, kernelFor);
  const graph = new PlanBuilder(device);
  const place = (tensor: Tensor, layout: Layout) => {
    checkShape(tensor, device);
    const slot = graph.place();
    graph.define(tensor, slot, layout);
    return { name: leafName(tensor), tensor, slot };
  };
  const inputs = program.inputs.map((input) => place(input, logical(input.shape.length)));
  const held = program.state.map(({ current, next }) => {
    const layout = layouts.get(current)!;
    return { ...place(current, layout), layout, becomes: next };
  });
  for (const node of facts.nodes) graph.lowerNode(node, layouts.get(node)!, kernelFor);

  graph.scope = '';
  const outputs = [...program.outputs].map(([name, tensor]) => ({ name, tensor, slot: graph.read(tensor) }));
  const state = held.map(
    ({ becomes, ...port }): StatePort =>
      becomes === port.tensor ? port : { ...port, next: graph.read(becomes, port.layout) },
  );
  checkKernels(graph);

  const results = [...outputs.map(({ slot }) => slot), ...state.flatMap(({ next }) => next ?? [])];
  const resident = new Set([...state, ...graph.constants].map(({ slot }) => slot));
  const calls = withLiveness(graph.calls, resident, new Set(results));
  const read = new Set([...results, ...calls.flatMap((call) => slotsOf(call.inputs))]);
  return {
    size: graph.size,
    inputs: inputs.filter(({ slot }) => read.has(slot)),
    constants: graph.constants.filter(({ slot }) => read.has(slot)),
    state,
    calls,
    outputs,
    keepsFeeds: held.some(({ becomes }) => isFed(becomes)),
  };
}

/** Devices have not all the same kernels, and versions of tfjs may differ. */
function checkKernels({ calls, target }: PlanBuilder): void {
  const missing = calls.find(({ kernel }) => !target.has(kernel));
  if (missing === undefined) return;
  const { kernel, scope } = missing;
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `tfjs has no kernel '${kernel}' on ${target.device}${scope === '' ? '' : `, needed at ${scope}`}`,
    { hint: 'take another device', details: { kernel, scope } },
  );
}
