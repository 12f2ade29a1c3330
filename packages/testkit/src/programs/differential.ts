import { isLimbeckError } from '@limbeck/core';
import type { CompileOptions, ComputeBackend } from '@limbeck/core/backend';
import { isFloat, nodesOf, print, type StateDict, type TensorData, toReference } from '@limbeck/graph';
import type { SampledOperation } from '../samples/program.js';
import { type Losses, type Possible, possibleResults } from './envelope.js';
import { isRegrouping } from './liberties.js';
import { type RandomProgram, randomProgram } from './random-program.js';
import type { ProgramKind } from './random-training.js';
import type { Step } from './steps.js';

/** How one random program went. */
export interface DifferentialResult {
  readonly status: 'agreed' | 'refused' | 'differed';
  /** Elements on which the reference leaves no choice. */
  readonly settled: number;
  readonly elements: number;
  /** The program, its inputs and what differs. */
  readonly report?: string;
}

/** What random programs are made of, and how they are compiled and compared. */
export interface DifferentialOptions {
  /** What programs are made of. */
  readonly operations: readonly SampledOperation[];
  readonly compile?: CompileOptions;
  /** What is not checked because the backend may give numbers for it. Default nothing. */
  readonly loses?: Losses;
  /** Whether programs have gradients, or change state. Default neither. */
  readonly kind?: ProgramKind;
}

/** How much wider than what the reference's runs span a value may be, and the span around a single number. */
const widening = 8;
const leastSpan = 2 ** -19;

/** Where a sum, or a mean that is scaled afterwards, may have overflown on the way: within 2^7 of the end of the range. */
const nearOverflow = 2 ** 121;

/** What denormals may add up to. */
const denormals = 2 ** -123;

/** Whether a backend's element is one of those the reference allows. */
export function isPossible(
  actual: number,
  { least, most, nan, settled }: Possible,
  { regrouped, loses = 'nothing' }: { readonly regrouped: boolean; readonly loses?: Losses },
): boolean {
  // a number here and NaN or infinity there, by rounding alone: the program does not say
  if (!settled || (nan && loses !== 'nothing')) return true;
  if (loses === 'not-finite' && !Number.isFinite(least)) return true;
  // infinities of both signs may meet on one way to a sum and not on another; what is not finite stays so
  if (regrouped && !Number.isFinite(actual))
    return nan || Math.max(Math.abs(least), Math.abs(most)) > nearOverflow;
  if (Number.isNaN(actual)) return nan;
  if (nan) return false;
  if (actual >= least && actual <= most) return true;
  if (!Number.isFinite(actual)) return false;
  const span = widening * (most - least) + leastSpan * Math.max(Math.abs(least), Math.abs(most)) + denormals;
  return actual >= least - span && actual <= most + span;
}

const shown = ({ dtype, shape, data }: TensorData): string => `${dtype}[${shape}] ${[...data].join(' ')}`;

function describe(random: RandomProgram, what: string): string {
  const feeds = [...random.inputs, ...random.state].map(([name, data]) => `  ${name} = ${shown(data)}`);
  return [what, print(random.program).trimEnd(), ...feeds].join('\n');
}

/** What a step of a backend gives: outputs, and the state afterwards. */
interface Results {
  readonly outputs: Readonly<Record<string, TensorData>>;
  readonly state: StateDict;
}

/** One step; undefined where the backend refuses the program. */
async function stepOn(
  backend: ComputeBackend,
  random: RandomProgram,
  compile: CompileOptions,
): Promise<Results | undefined> {
  try {
    const executable = await backend.compile(random.program, { ...compile, state: random.state });
    try {
      const outputs = await executable.step(Object.fromEntries(random.inputs));
      return { outputs, state: await executable.readState() };
    } finally {
      await executable.dispose();
    }
  } catch (error) {
    if (isLimbeckError(error) && error.code === 'BACKEND_UNSUPPORTED') return undefined;
    throw error;
  }
}

/**
 * Runs a random program on a backend for one step and compares every element of its outputs and its state with what the
 * reference allows. A backend may refuse a program with BACKEND_UNSUPPORTED, before it runs.
 */
export async function checkRandomProgram(
  backend: ComputeBackend,
  steps: readonly Step[],
  { operations, compile = {}, loses = 'nothing', kind = 'forward' }: DifferentialOptions,
): Promise<DifferentialResult> {
  const random = randomProgram(steps, operations, kind);
  let results: Results | undefined;
  try {
    results = await stepOn(backend, random, compile);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 'differed', settled: 0, elements: 0, report: describe(random, message) };
  }
  if (results === undefined) return { status: 'refused', settled: 0, elements: 0 };
  const { outputs, state } = results;
  const possible = possibleResults(random, loses);
  const all = [
    ...[...possible.outputs].map(
      ([name, expected]) => [`output '${name}'`, outputs[name], expected] as const,
    ),
    ...[...possible.state].map(([name, expected]) => [`state '${name}'`, state.get(name), expected] as const),
  ];
  const regrouped = nodesOf(random.program).some(({ operation }) => isRegrouping(operation));
  let [settled, elements] = [0, 0];
  for (const [name, actual, expected] of all) {
    elements += expected.length;
    settled += expected.filter((element) => element.settled).length;
    const what = differenceOf(actual, expected, { regrouped, loses });
    if (what === undefined) continue;
    return { status: 'differed', settled, elements, report: describe(random, `${name}${what}`) };
  }
  return { status: 'agreed', settled, elements };
}

/** The first element that is none of those the reference allows, in words. */
function differenceOf(
  data: TensorData | undefined,
  expected: readonly Possible[],
  liberties: { readonly regrouped: boolean; readonly loses: Losses },
): string | undefined {
  if (data === undefined) return ' is missing';
  const actual = toReference(data);
  const isSame = isFloat(actual.dtype)
    ? (value: number, element: Possible) => isPossible(value, element, liberties)
    : (value: number, { least, most }: Possible) => value >= least && value <= most;
  const i = expected.findIndex((element, k) => !isSame(actual.data[k]!, element));
  if (i < 0) return undefined;
  const { nan, least, most } = expected[i]!;
  return `[${i}] is ${actual.data[i]}, expected ${nan ? 'NaN' : `${least} to ${most}`}`;
}
