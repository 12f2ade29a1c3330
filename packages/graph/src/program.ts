import { formatShape, type StateDict, sameShape, tensorData } from './dtype.js';
import { GraphError } from './errors.js';
import { isInput, isState, leafName } from './leaves.js';
import type { TensorType } from './operation.js';
import type { Tensor } from './tensor.js';
import { ancestors } from './traverse.js';

/** A value that stays with the executable: read as `current`, replaced by `next` when the step is done. */
export interface StateSlot {
  readonly name: string;
  readonly current: Tensor;
  /** Equal to `current` where a step leaves it as it is. */
  readonly next: Tensor;
}

/**
 * What a compute backend compiles: inputs given at every step, state that stays, outputs that come back.
 * Shapes are static; the batch size is part of the program.
 */
export interface Program {
  /** Shown in messages and profiles, e.g. `student`. */
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly state: readonly StateSlot[];
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** What {@link program} makes a program from. */
export interface ProgramSpec {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;
  /** New values of state leaves, by name; state that is not named keeps its value. */
  readonly updates?: ReadonlyMap<string, Tensor>;
  /** Inputs to declare even where nothing depends on them. */
  readonly inputs?: readonly Tensor[];
}

/** Collects inputs and state from what the outputs and updates depend on. */
export function program({ name, outputs, updates = new Map(), inputs = [] }: ProgramSpec): Program {
  const named = new Map(outputs instanceof Map ? outputs : Object.entries(outputs)) as Map<string, Tensor>;
  const reached = ancestors([...inputs, ...named.values(), ...updates.values()], {
    throughComposites: false,
  });
  const leaves = new Set(reached);
  const stateLeaves = [...leaves].filter(isState);
  const slots = stateLeaves.map((current) => ({
    name: leafName(current),
    current,
    next: updates.get(leafName(current)) ?? current,
  }));
  for (const [stateName, next] of updates) {
    const slot = slots.find((s) => s.name === stateName);
    if (slot === undefined) {
      throw new GraphError(
        'GRAPH_INVALID',
        `program '${name}' updates state '${stateName}', which nothing reads`,
      );
    }
    if (!sameShape(slot.current.shape, next.shape) || slot.current.dtype !== next.dtype) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `program '${name}': state '${stateName}' is ${slot.current.dtype} ${formatShape(slot.current.shape)}, its update ${next.dtype} ${formatShape(next.shape)}`,
        next.scope,
      );
    }
  }
  return { name, inputs: reached.filter(isInput), state: slots, outputs: named };
}

/** What a program computes: outputs, then the state that changes. */
export function rootsOf({ outputs, state }: Program): Tensor[] {
  return [...outputs.values(), ...state.map((slot) => slot.next)];
}

/** Every node of a program in topological order; composites count as one node. */
export function nodesOf(target: Program): Tensor[] {
  return ancestors([...target.inputs, ...rootsOf(target)]);
}

/** How often each tensor of a program is read: by its nodes, as an output, as the next value of state. */
export function readersOf(target: Program, nodes: readonly Tensor[] = nodesOf(target)): Map<Tensor, number> {
  const readers = new Map<Tensor, number>();
  const read = (tensor: Tensor) => readers.set(tensor, (readers.get(tensor) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(read);
  rootsOf(target).forEach(read);
  return readers;
}

/** A tensor by its name: shape and element type. */
export interface NamedType extends TensorType {
  readonly name: string;
}

/** What a program takes, keeps and gives, without what it computes: it holds none of the program's constants. */
export interface ProgramSignature {
  readonly name: string;
  readonly inputs: readonly NamedType[];
  readonly state: readonly NamedType[];
  readonly outputs: ReadonlyMap<string, TensorType>;
}

/** The signature of a program. */
export function signatureOf({ name, inputs, state, outputs }: Program): ProgramSignature {
  const typeOf = ({ shape, dtype }: Tensor): TensorType => ({ shape, dtype });
  return {
    name,
    inputs: inputs.map((input) => ({ name: leafName(input), ...typeOf(input) })),
    state: state.map((slot) => ({ name: slot.name, ...typeOf(slot.current) })),
    outputs: new Map([...outputs].map(([output, tensor]) => [output, typeOf(tensor)])),
  };
}

/** State of zeros: what a program begins with that is given none. */
export const zeroState = ({ state }: Pick<ProgramSignature, 'state'>): StateDict =>
  new Map(state.map(({ name, dtype, shape }) => [name, tensorData(dtype, shape)]));

/** Refuses state that does not fit a program's slots: missing, unexpected and misshapen names, all at once. */
export function checkState(target: Pick<ProgramSignature, 'name' | 'state'>, state: StateDict): void {
  const problems: string[] = [];
  for (const { name, ...current } of target.state) {
    const given = state.get(name);
    if (given === undefined) problems.push(`'${name}' is missing`);
    else if (!sameShape(given.shape, current.shape) || given.dtype !== current.dtype) {
      problems.push(
        `'${name}' is ${given.dtype} ${formatShape(given.shape)}, the program holds ${current.dtype} ${formatShape(current.shape)}`,
      );
    }
  }
  const expected = new Set(target.state.map((slot) => slot.name));
  for (const name of state.keys()) if (!expected.has(name)) problems.push(`'${name}' is unexpected`);
  if (problems.length > 0) {
    throw new GraphError(
      'GRAPH_SHAPE',
      `state does not fit program '${target.name}': ${problems.join('; ')}`,
    );
  }
}
