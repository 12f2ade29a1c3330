import {
  constantValue,
  fromReference,
  inlineComposites,
  isConstant,
  isFloat,
  isInput,
  leafName,
  nodesOf,
  type ReferenceValue,
  roundTo,
  type Tensor,
  toReference,
} from '@limbeck/graph';
import { compute, liberties, libertyOf, moves } from './liberties.js';
import type { RandomProgram } from './random-program.js';
import { numbersFrom } from './steps.js';

/** One value of an output under every liberty a backend has: what it may be. */
export interface Possible {
  readonly least: number;
  readonly most: number;
  readonly nan: boolean;
  /** Whether every run gave NaN, or every run a number. */
  readonly settled: boolean;
}

/** The first run that takes numbers for what a backend may lose; those before it have made NaN of numbers. */
const losing = 4;

/**
 * What a backend may give numbers for: NaN, as a ReLU that compares does, or anything that is not finite, as WebGPU's shading
 * language may.
 */
export type Losses = 'nothing' | 'nan' | 'not-finite';

/** Numbers of any size and sign for what is lost, in place. */
function lose(data: Float64Array, loses: Losses, next: () => number): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i]) || (loses === 'not-finite' && !Number.isFinite(data[i])))
      data[i] = substitutes[next() % substitutes.length]!;
  }
}

const substitutes = [0, -0, 1, -1, 0.3, -20, 3e38, -3e38] as const;

/** What the nodes of a program come to in one run. */
function runWith(nodes: readonly Tensor[], random: RandomProgram, run: number, loses: Losses) {
  const liberty = liberties[run]!;
  const next = numbersFrom(run + 1);
  const values = new Map<Tensor, ReferenceValue>();
  for (const node of nodes) values.set(node, computed(node));
  return values;

  function computed(node: Tensor): ReferenceValue {
    if (node.operation.kind === 'leaf') {
      const given = isInput(node) ? random.inputs : random.state;
      const leaf = isConstant(node) ? constantValue(node) : toReference(given.get(leafName(node))!);
      if (liberty === 'mixed' || liberty.precision === 'single') roundTo(leaf);
      return leaf;
    }
    const inputs = node.inputs.map((input) => values.get(input)!);
    const value = compute(node, inputs, libertyOf(liberty, next), next);
    if (loses !== 'nothing' && run >= losing && isFloat(node.dtype) && !moves.has(node.operation.name))
      lose(value.data, loses, next);
    return value;
  }
}

/** What each element of the outputs and of the state after a step may be, by name. */
export interface PossibleResults {
  readonly outputs: ReadonlyMap<string, readonly Possible[]>;
  readonly state: ReadonlyMap<string, readonly Possible[]>;
}

/**
 * What each element of each result may be: the reference interpreter is run in single and in double precision, and several
 * times with the liberties that a backend has - a few units in the last place after each operation that rounds, denormals
 * taken for zeros, zeros of either sign; numbers for what the backend loses. Where these runs agree on NaN, infinity or a
 * number, a backend has to as well.
 */
export function possibleResults(random: RandomProgram, loses: Losses = 'nothing'): PossibleResults {
  const inlined = inlineComposites(random.program);
  const nodes = nodesOf(inlined);
  const outputs = new Map<string, Possible[]>();
  const state = new Map<string, Possible[]>();
  for (const run of liberties.keys()) {
    const values = runWith(nodes, random, run, loses);
    const add = (to: Map<string, Possible[]>, name: string, node: Tensor) => {
      const { data } = toReference(fromReference(values.get(node)!));
      const before = to.get(name);
      const after = Array.from(data, (value, i) => widened(before?.[i], value));
      to.set(name, after);
    };
    for (const [name, node] of inlined.outputs) add(outputs, name, node);
    for (const { name, next } of inlined.state) add(state, name, next);
  }
  return { outputs, state };
}

function widened(before: Possible | undefined, value: number): Possible {
  const nan = Number.isNaN(value);
  if (before === undefined)
    return nan
      ? { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY, nan, settled: true }
      : { least: value, most: value, nan, settled: true };
  const sameKind = before.nan === nan && (nan || Number.isFinite(before.least) === Number.isFinite(value));
  return {
    least: nan ? before.least : Math.min(before.least, value),
    most: nan ? before.most : Math.max(before.most, value),
    nan: before.nan || nan,
    settled: before.settled && sameKind,
  };
}
