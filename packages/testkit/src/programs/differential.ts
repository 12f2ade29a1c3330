import { isLimbeckError } from '@limbeck/core';
import type { CompileOptions, ComputeBackend } from '@limbeck/core/backend';
import { isFloat, nodesOf, print, type TensorData, toReference } from '@limbeck/graph';
import type { SampledOperation } from '../samples/program.js';
import { isRegrouping, type Possible, possibleOutputs } from './envelope.js';
import { type RandomProgram, randomProgram } from './random-program.js';
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
  /** Whether kernels such as a ReLU may give a number for NaN; what NaN becomes is not checked then. Default false. */
  readonly losesNaN?: boolean;
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
  { regrouped, losesNaN = false }: { readonly regrouped: boolean; readonly losesNaN?: boolean },
): boolean {
  // a number here and NaN or infinity there, by rounding alone: the program does not say
  if (!settled || (nan && losesNaN)) return true;
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

/**
 * Runs a random program on a backend and compares every element with what the reference allows. A backend may refuse a
 * program with BACKEND_UNSUPPORTED, before it runs.
 */
export async function checkRandomProgram(
  backend: ComputeBackend,
  steps: readonly Step[],
  { operations, compile = {}, losesNaN = false }: DifferentialOptions,
): Promise<DifferentialResult> {
  const random = randomProgram(steps, operations);
  let fetched: Readonly<Record<string, TensorData>>;
  try {
    const executable = await backend.compile(random.program, { ...compile, state: random.state });
    try {
      fetched = await executable.step(Object.fromEntries(random.inputs));
    } finally {
      await executable.dispose();
    }
  } catch (error) {
    if (isLimbeckError(error) && error.code === 'BACKEND_UNSUPPORTED')
      return { status: 'refused', settled: 0, elements: 0 };
    const message = error instanceof Error ? error.message : String(error);
    return { status: 'differed', settled: 0, elements: 0, report: describe(random, message) };
  }
  const possible = possibleOutputs(random, { losesNaN });
  const regrouped = nodesOf(random.program).some(({ operation }) => isRegrouping(operation));
  let [settled, elements] = [0, 0];
  for (const [name, expected] of possible) {
    const actual = toReference(fetched[name]!);
    elements += expected.length;
    for (const [i, element] of expected.entries()) {
      if (element.settled) settled++;
      const value = actual.data[i]!;
      const same = isFloat(actual.dtype)
        ? isPossible(value, element, { regrouped, losesNaN })
        : value >= element.least && value <= element.most;
      if (same) continue;
      const wanted = element.nan ? 'NaN' : `${element.least} to ${element.most}`;
      const report = describe(random, `output '${name}'[${i}] is ${value}, expected ${wanted}`);
      return { status: 'differed', settled, elements, report };
    }
  }
  return { status: 'agreed', settled, elements };
}
