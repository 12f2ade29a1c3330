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

type Liberty = 'none' | 'rounding' | 'flushing' | 'double';

/** What runs of a program may do differently from the reference, one after the other. */
const liberties: readonly Liberty[] = ['none', 'double', 'rounding', 'flushing', 'rounding', 'flushing'];

/** The run that takes zeros for NaN where a backend may lose them; those before it have made NaN of numbers. */
const losing = 4;

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
  if (liberty === 'rounding' && choosing.has(name)) given = given.map(withoutNaN);
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
  const loose = liberty === 'rounding' || liberty === 'flushing';
  const given = loose ? loosenedInputs(node, inputs, liberty, next) : inputs;
  const value = evaluateNode(node, given);
  if (loose && isFloat(node.dtype)) loosenResult(node, { inputs, given, liberty, next }, value.data);
  // a NaN among what is compared may count for the largest, or for nothing
  if (loose && node.operation.name === 'argMax' && inputs.some(hasNaN))
    value.data.fill(liberty === 'rounding' ? 0 : 2 ** 20);
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

/**
 * What each element of each output may be: the reference interpreter is run in single and in double precision, and several
 * times with the liberties that a backend has - a few units in the last place after each operation that rounds, denormals
 * taken for zeros, zeros of either sign; with `losesNaN` numbers for NaN. Where these runs agree on NaN, infinity or a number, a backend has to as well.
 */
export function possibleOutputs(
  { program, inputs, state }: RandomProgram,
  { losesNaN = false }: { readonly losesNaN?: boolean } = {},
): Map<string, Possible[]> {
  const inlined = inlineComposites(program);
  const nodes = nodesOf(inlined);
  const found = new Map<string, Possible[]>();
  liberties.forEach((liberty, run) => {
    const next = numbersFrom(run + 1);
    const values = new Map<Tensor, ReferenceValue>();
    for (const node of nodes) {
      const leaf = node.operation.kind === 'leaf';
      const given = () => toReference((isInput(node) ? inputs : state).get(leafName(node))!);
      const value = !leaf
        ? compute(
            node,
            node.inputs.map((input) => values.get(input)!),
            liberty,
            next,
          )
        : isConstant(node)
          ? constantValue(node)
          : given();
      if (leaf && liberty !== 'double') roundTo(value);
      if (losesNaN && !leaf && run === losing)
        value.data.set(value.data.map((x) => (Number.isNaN(x) ? 0 : x)));
      values.set(node, value);
    }
    for (const [name, node] of inlined.outputs) {
      const { data } = toReference(fromReference(values.get(node)!));
      const before = found.get(name);
      found.set(
        name,
        Array.from(data, (value, i) => widened(before?.[i], value)),
      );
    }
  });
  return found;
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
