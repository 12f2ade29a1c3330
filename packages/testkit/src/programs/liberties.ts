import {
  evaluateNode,
  isFloat,
  type Operation,
  type ReferenceValue,
  roundTo,
  type Tensor,
} from '@limbeck/graph';

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

/** What a run does differently from the reference. */
export interface Liberty {
  /** Values are rounded as the program says, or kept as they are in double precision. */
  readonly precision: 'single' | 'double';
  /** Operations round otherwise by a few units in the last place. */
  readonly isLoose: boolean;
  /** Denormals are zeros. */
  readonly flushes: boolean;
  /** NaN is passed over where the largest is looked for. */
  readonly ignoresNaN: boolean;
  /** What is not finite spreads as far as it may. */
  readonly spreads: boolean;
}

const strict: Liberty = {
  precision: 'single',
  isLoose: false,
  flushes: false,
  ignoresNaN: false,
  spreads: false,
};
const loose: Liberty = { ...strict, isLoose: true };

/** What runs of a program may do, one after the other; the last decides anew for every operation. */
export const liberties: readonly (Liberty | 'mixed')[] = [
  strict,
  { ...strict, precision: 'double' },
  { ...loose, ignoresNaN: true, spreads: true },
  { ...loose, flushes: true },
  { ...loose, ignoresNaN: true },
  'mixed',
];

/** The liberties that a run takes with one operation. */
export function libertyOf(liberty: Liberty | 'mixed', next: () => number): Liberty {
  if (liberty !== 'mixed') return liberty;
  const choice = next();
  return { ...loose, flushes: (choice & 1) > 0, ignoresNaN: (choice & 2) > 0, spreads: (choice & 4) > 0 };
}

/** Operations that hand on bits as they are. */
export const moves: ReadonlySet<string> = new Set([
  'stopGradient',
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'concat',
  'reverse',
  'gather',
]);

/** Takes the liberties with a value, in place. */
function loosen(data: Float64Array, liberty: Liberty, next: () => number, scale = data): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if ((value === 0 && scale[i] === 0) || Number.isNaN(value)) continue;
    // terms that cancel each other were rounded as large as they were
    if (Number.isFinite(value))
      data[i] = value + Math.abs(scale[i]!) * rounding * ((2 * next()) / 2 ** 32 - 1);
    if (liberty.flushes && Math.abs(data[i]!) < leastNormal) data[i] = 0;
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
    if (!(held >= least && held <= most)) value.data[i] = liberty.spreads ? least : most;
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
  if (liberty.flushes && !moves.has(name)) given = given.map(flushed);
  if (liberty.ignoresNaN && choosing.has(name)) given = given.map(withoutNaN);
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
  // a window of nothing but NaN has no largest element to pass a gradient to
  if (name === 'maxPoolGradient' && liberty.ignoresNaN)
    for (let i = 0; i < data.length; i++) if (Number.isNaN(inputs[1]!.data[i])) data[i] = 0;
  if (!liberty.spreads) return;
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

/** What an operation comes to under the liberties of a run. */
export function compute(
  node: Tensor,
  inputs: readonly ReferenceValue[],
  liberty: Liberty,
  next: () => number,
): ReferenceValue {
  const given = liberty.isLoose ? loosenedInputs(node, inputs, liberty, next) : inputs;
  const value = evaluateNode(node, given);
  if (liberty.isLoose && isFloat(node.dtype))
    loosenResult(node, { inputs, given, liberty, next }, value.data);
  // a NaN among what is compared may count for the largest, or for nothing
  if (liberty.isLoose && node.operation.name === 'argMax' && inputs.some(hasNaN))
    value.data.fill(liberty.ignoresNaN ? 0 : 2 ** 20);
  settleIntegers(node, value, liberty);
  if (liberty.precision === 'single' || !isFloat(node.dtype)) roundTo(value);
  return value;
}
