import { primitiveEntry, unsupportedNode } from '@limbeck/core/backend';
import type { OnnxModel } from '@limbeck/formats';
import { constantData, type DType, isConstant, type Program, simplify, type Tensor } from '@limbeck/graph';
import { type Available, claimOn } from './claims.js';
import type { DeviceKernels } from './device-kernels.js';
import type { Lowering } from './lowering.js';
import { ModelBuilder } from './model-builder.js';
import { newestOpset, oldestOpset } from './opset.js';
import { primitiveLowerings } from './primitives.js';
import { ProgramFacts } from './program-facts.js';
import type { LoweringTarget } from './target.js';

/** What the inputs and outputs of the model are called. */
export interface PortNames {
  readonly input: (name: string) => string;
  readonly output: (name: string) => string;
  /** State as it comes in, and as it goes out. */
  readonly state: (name: string) => string;
  readonly next: (name: string) => string;
}

export interface LowerOptions {
  readonly target: LoweringTarget;
  readonly names: PortNames;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A program as {@link lower} takes it with what is available: composites that are not claimed are decomposed. */
export const prepare = (program: Program, available: Available): Program =>
  simplify(program, (node) => claimOn(node, available) !== undefined);

/** The lowest operator set that has an operator for all that a program would be lowered to. */
export function lowestOpset(program: Program, kernels: DeviceKernels): number {
  const available = { kernels, opset: newestOpset };
  const { nodes } = new ProgramFacts(prepare(program, available));
  const needed = nodes.map((node) => claimOn(node, available)?.since ?? oldestOpset);
  return Math.max(oldestOpset, ...needed);
}

const unsupported: ReadonlySet<DType> = new Set<DType>(['bfloat16']);

/**
 * A prepared program as one ONNX model: inputs, then state, in; outputs, then state that changes, out.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED naming the operation and its scope
 */
export function lower(program: Program, { target, names, metadata }: LowerOptions): OnnxModel {
  const facts = new ProgramFacts(program);
  const { nodes } = facts;
  const inputs = [
    ...program.inputs.map((tensor) => ({ name: names.input(tensor.attributes.name as string), tensor })),
    ...program.state.map(({ name, current }) => ({ name: names.state(name), tensor: current })),
  ].map((port) => ({ ...port, value: port.name }));
  const changed = program.state.filter(({ current, next }) => next !== current);
  const outputs = [
    ...[...program.outputs].map(([name, tensor]) => ({ name: names.output(name), tensor })),
    ...changed.map(({ name, next }) => ({ name: names.next(name), tensor: next })),
  ];
  const model = new ModelBuilder(
    target,
    [...inputs, ...outputs].map(({ name }) => name),
    facts,
  );
  for (const { tensor, value } of inputs) model.define(tensor, value);
  for (const node of nodes.filter(isConstant)) {
    refuse(node);
    model.scope = node.scope;
    model.define(node, model.constant(constantData(node)));
  }
  for (const node of nodes) {
    refuse(node);
    if (node.operation.kind === 'leaf') continue;
    model.scope = node.scope;
    const values = node.inputs.map((input) => model.valueOf(input));
    model.define(
      node,
      loweringOf(node, target)(values, { model, node, attributes: node.attributes as never }),
    );
  }
  const named = outputs.map((port) => ({ ...port, value: model.valueOf(port.tensor) }));
  return model.finish(program.name, inputs, named, metadata);
}

function loweringOf(node: Tensor, available: Available): Lowering<never> {
  const { operation } = node;
  if (operation.kind === 'composite') return claimOn(node, available)!.lower;
  return primitiveEntry<Lowering<never>>(primitiveLowerings, node, 'the ONNX backend does not know');
}

function refuse(node: Tensor): void {
  if (!unsupported.has(node.dtype)) return;
  const message = `the ONNX backend does not compute in ${node.dtype}: '${node.operation.name}'`;
  throw unsupportedNode(node, message, 'use float32');
}
