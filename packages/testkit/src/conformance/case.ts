import { LimbeckError } from '@limbeck/core';
import type { CompileOptions, ComputeBackend, Executable } from '@limbeck/core/backend';
import type { Program, TensorData } from '@limbeck/graph';
import { type Deviation, describeDeviation, deviationOf } from '../deviation.js';

/** How a case ended. `deviation` is the largest one seen, relative to the root mean square of the expected values. */
export type CaseResult =
  | { readonly status: 'passed'; readonly deviation: number }
  | { readonly status: 'failed'; readonly message: string; readonly cause?: unknown }
  | { readonly status: 'skipped'; readonly reason: string };

/** What a case has to work with. */
export interface CaseContext {
  /** Compiles with the options of the run; what is compiled is disposed of when the case ends. */
  compile(program: Program, options?: Pick<CompileOptions, 'state'>): Promise<Executable>;
  /** Compares two tensors; throws when they differ by more than the tolerance of the run. */
  compare(what: string, actual: TensorData | undefined, expected: TensorData): void;
}

/** One thing a backend has to do. Throws when the backend does not. */
export interface CaseDefinition {
  /** Path-like: `forward/conv2d/2`, `state/written values come back`. */
  readonly name: string;
  readonly check: (context: CaseContext) => Promise<void>;
}

/** Values whose root mean square is below this are compared with zero, absolutely. */
const floor = 1e-3;

/** Raised by the cases themselves: the backend ran, and gave something wrong. */
export function nonconformance(message: string): LimbeckError {
  return new LimbeckError('VERIFY_FAILED', message);
}

export interface CaseOptions {
  readonly tolerance: number;
  readonly compile: CompileOptions;
}

/** Runs one case, whatever happens. */
export async function runCase(
  backend: ComputeBackend,
  { check }: CaseDefinition,
  { tolerance, compile }: CaseOptions,
): Promise<CaseResult> {
  const compiled: Executable[] = [];
  let worst = 0;
  const context: CaseContext = {
    async compile(program, options = {}) {
      const executable = await backend.compile(program, { ...compile, ...options });
      compiled.push(executable);
      return executable;
    },
    compare(what, actual, expected) {
      const deviation = compareTensors(what, actual, expected);
      worst = Math.max(worst, deviation.relative);
      if (!(deviation.relative <= tolerance)) {
        throw nonconformance(`${what}: ${describeDeviation(deviation, tolerance)}`);
      }
    },
  };
  try {
    await check(context);
    return { status: 'passed', deviation: worst };
  } catch (cause) {
    return { status: 'failed', message: cause instanceof Error ? cause.message : String(cause), cause };
  } finally {
    // a case may have disposed of its own; whether a second time is harmless is a case of its own
    await Promise.allSettled(compiled.map((executable) => executable.dispose()));
  }
}

function compareTensors(what: string, actual: TensorData | undefined, expected: TensorData): Deviation {
  const typeOf = ({ dtype, shape }: TensorData) => `${dtype} [${shape.join(', ')}]`;
  if (actual === undefined) throw nonconformance(`${what} is missing`);
  if (typeOf(actual) !== typeOf(expected)) {
    throw nonconformance(`${what} is ${typeOf(actual)}, expected ${typeOf(expected)}`);
  }
  if (actual.data.constructor !== expected.data.constructor || actual.data.length !== expected.data.length) {
    throw nonconformance(
      `${what} holds ${actual.data.length} elements in a ${actual.data.constructor.name}, expected ${expected.data.length} in a ${expected.data.constructor.name}`,
    );
  }
  return deviationOf(actual.data, expected.data, floor);
}
