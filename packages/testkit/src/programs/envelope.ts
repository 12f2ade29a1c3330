import {
  constantValue,
  evaluateNode,
  fromReference,
  inlineComposites,
  isConstant,
  isFloat,
  isInput,
  leafName,
  nodesOf,
  type Operation,
  type ReferenceValue,
  roundTo,
  type Tensor,
  toReference,
} from '@limbeck/graph';
import type { RandomProgram } from './random-program.js';
import { numbersFrom } from './steps.js';

/** Operations whose result is one of what they read, or exact: every backend gives the same. */
const exact: ReadonlySet<string> = new Set([
  'neg',
  'abs',
  'sign',
  'relu',
  'maximum',
  'minimum',
  'less',
  'equal',
  'logicalNot',
  'logicalAnd',
  'where',
  'cast',
  'stopGradient',
  'reduceMax',
  'argMax',
  'maxPool',
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'pad',
  'concat',
  'reverse',
  'gather',
  'oneHot',
]);

/** Convolutions may multiply weights by the zeros of a padding, and sums of windows of a map by zeros: 0 * inf is NaN. */
const spreading: ReadonlySet<string> = new Set(['conv2d', 'maxPoolGradient', 'avgPoolGradient', 'avgPool']);

/** Whether a backend may compute an operation in another order, or by another formula. */
export const isRegrouping = ({ kind, name }: Operation): boolean =>
  kind === 'composite' || ['sum', 'matmul', 'conv2d', 'avgPool', 'avgPoolGradient'].includes(name);

/** Operations that add up many terms, in whatever order. */
const adding: ReadonlySet<string> = new Set([
  'sum',
  'matmul',
  'conv2d',
  'avgPool',
  'avgPoolGradient',
  'scatterAdd',
  'maxPoolGradient',
]);

/** Approximations of the error function by six terms are off by so much. */
const erfError = 1.5e-7;

/** What the terms of a sum come to without their signs; infinite where a partial sum may overflow. */
function totalsOf(node: Tensor, inputs: readonly ReferenceValue[]): Float64Array {
  const positive = inputs.map((input) => ({ ...input, data: input.data.map(Math.abs) }));
  const { data } = evaluateNode(
    node,
    node.operation.name === 'maxPoolGradient' ? [positive[0]!, inputs[1]!] : positive,
  );
  return data.map((value) => (value > 3.4e38 ? Number.NaN : value));
}

/** Kernels that look for the largest of many may or may not see a NaN among them. */
const choosing: ReadonlySet<string> = new Set(['reduceMax', 'argMax', 'maxPool', 'maxPoolGradient']);

/** Rounding of one operation, in either direction: four units in the last place. */
const rounding = 2 ** -22;

/** The least float32 that is not denormal; processors may take smaller ones for zeros. */
const leastNormal = 2 ** -126;

/** One value of an output under every liberty a backend has: what it may be. */
export interface Possible {
  readonly least: number;
  readonly most: number;
  readonly nan: boolean;
  /** Whether every run gave NaN, or every run a number. */
  readonly settled: boolean;
}

/**
 * What a run does differently: it rounds otherwise, and what is not finite spreads as far as it may, or is passed over where
 * the largest is looked for; it takes denormals for zeros.
 */
type Liberty = 'none' | 'rounding' | 'ignoring' | 'flushing' | 'double';

const ignoresNaN = (liberty: Liberty): boolean => liberty === 'rounding' || liberty === 'ignoring';

/** What runs of a program may do differently from the reference, one after the other. */
const liberties: readonly Liberty[] = ['none', 'double', 'rounding', 'flushing', 'ignoring', 'flushing'];

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

/** Takes the liberties with a value, in place. */
function loosen(data: Float64Array, liberty: Liberty, next: () => number, scale = data): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if ((value === 0 && scale[i] === 0) || Number.isNaN(value)) continue;
    // terms that cancel each other were rounded as large as they were
    if (Number.isFinite(value))
      data[i] = value + Math.abs(scale[i]!) * rounding * ((2 * next()) / 2 ** 32 - 1);
    if (liberty === 'flushing' && Math.abs(data[i]!) < leastNormal) data[i] = 0;
  }
}

/** Zeros whose sign depends on the order of terms or of operands, of either sign. */
function signZeros(data: Float64Array, next: () => number): void {
  for (let i = 0; i < data.length; i++) if (data[i] === 0) data[i] = next() & 1 ? 0 : -0;
}

const flushed = ({ data, ...type }: ReferenceValue): ReferenceValue => ({
  ...type,
  data: isFloat(type.dtype) ? data.map((value) => (Math.abs(value) < leastNormal ? 0 * value : value)) : data,
});

/** NaN compared as the smallest number there is. */
const withoutNaN = ({ data, ...type }: ReferenceValue): ReferenceValue => ({
  ...type,
  data: data.map((value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value)),
});

const hasNaN = ({ data }: ReferenceValue): boolean => data.some(Number.isNaN);

const notFinite = ({ data }: ReferenceValue): boolean => data.some((value) => !Number.isFinite(value));

/**
 * A float that no integer stands for has whatever integer a processor makes of it; sums and products of integers go round, as
 * the reference says.
 */
function settleIntegers(node: Tensor, value: ReferenceValue, liberty: Liberty): void {
  if (node.operation.name !== 'cast' || isFloat(node.dtype) || node.dtype === 'bool') return;
  const [least, most] = { int32: [-(2 ** 31), 2 ** 31 - 1], int8: [-128, 127], uint8: [0, 255] }[
    node.dtype as 'int32'
  ] as [number, number];
  for (let i = 0; i < value.data.length; i++) {
    const held = value.data[i]!;
    if (!(held >= least && held <= most)) value.data[i] = liberty === 'rounding' ? least : most;
  }
}

/** What a run takes for the inputs of an operation. */
function loosenedInputs(
  { operation: { name } }: Tensor,
  inputs: readonly ReferenceValue[],
  liberty: Liberty,
  next: () => number,
): readonly ReferenceValue[] {
  let given = inputs;
  if (liberty === 'flushing' && !moves.has(name)) given = given.map(flushed);
  if (ignoresNaN(liberty) && choosing.has(name)) given = given.map(withoutNaN);
  if (exact.has(name)) return given;
  return given.map((input) => {
    if (!isFloat(input.dtype)) return input;
    const copy = { ...input, data: input.data.slice() };
    loosen(copy.data, liberty, next);
    return copy;
  });
}

/** What a run makes of the result of an operation, in place. */
function loosenResult(node: Tensor, { inputs, given, liberty, next }: Run, data: Float64Array): void {
  const { name } = node.operation;
  if (!exact.has(name)) loosen(data, liberty, next, adding.has(name) ? totalsOf(node, given) : data);
  if (name === 'erf') for (let i = 0; i < data.length; i++) data[i]! += next() % 2 ? erfError : -erfError;
  if (!moves.has(name)) signZeros(data, next);
  if (liberty !== 'rounding') return;
  // infinities of both signs may meet in a partial sum
  if (adding.has(name)) data.set(data.map((value) => (Number.isFinite(value) ? value : Number.NaN)));
  if (spreading.has(name) && inputs.some(notFinite)) data.fill(Number.NaN);
}

interface Run {
  readonly inputs: readonly ReferenceValue[];
  /** The inputs as this run takes them. */
  readonly given: readonly ReferenceValue[];
  readonly liberty: Liberty;
  readonly next: () => number;
}

function compute(
  node: Tensor,
  inputs: readonly ReferenceValue[],
  liberty: Liberty,
  next: () => number,
): ReferenceValue {
  const loose = liberty !== 'none' && liberty !== 'double';
  const given = loose ? loosenedInputs(node, inputs, liberty, next) : inputs;
  const value = evaluateNode(node, given);
  if (loose && isFloat(node.dtype)) loosenResult(node, { inputs, given, liberty, next }, value.data);
  // a NaN among what is compared may count for the largest, or for nothing
  if (loose && node.operation.name === 'argMax' && inputs.some(hasNaN))
    value.data.fill(ignoresNaN(liberty) ? 0 : 2 ** 20);
  settleIntegers(node, value, liberty);
  if (liberty !== 'double' || !isFloat(node.dtype)) roundTo(value);
  return value;
}

/** Operations that hand on bits as they are. */
const moves: ReadonlySet<string> = new Set([
  'stopGradient',
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'concat',
  'reverse',
  'gather',
]);

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
      if (liberty !== 'double') roundTo(leaf);
      return leaf;
    }
    const inputs = node.inputs.map((input) => values.get(input)!);
    const value = compute(node, inputs, liberty, next);
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
