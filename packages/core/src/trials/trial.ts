import type { Program, StateDict, TensorData } from '@limbeck/graph';
import { interpret } from '@limbeck/graph';
import type { CompileOptions, ComputeBackend, Feeds, Precision } from '../contracts/backend.js';

/** A small program with everything one step of it needs, and what the step comes to. */
export interface Trial {
  readonly program: Program;
  readonly feeds: Feeds;
  readonly state: StateDict;
  /** Outputs and state after the step, by name. */
  readonly expected: ReadonlyMap<string, TensorData>;
}

/** A trial whose expected values are the reference interpreter's. */
export function trialOf(program: Program, feeds: Feeds, state: StateDict = new Map()): Trial {
  const { outputs, state: next } = interpret(program, new Map(Object.entries(feeds)), state);
  return { program, feeds, state, expected: new Map([...outputs, ...next]) };
}

/**
 * Largest deviation allowed, relative to the root mean square of the tensor. A device that computes something else is off
 * by far more. Rounding to bfloat16 keeps 8 bits. A few layers in int8 stay within a twentieth.
 */
export const trialTolerances: Readonly<Record<Precision, number>> = {
  float32: 1e-3,
  bfloat16: 0.15,
  int8: 0.15,
};

/** Values whose root mean square is below this are compared with zero. */
const floor = 1e-3;

/**
 * What is wrong with the results of a trial.
 *
 * @param found what the device gave, by name
 * @returns undefined where nothing is
 */
export function trialFault(
  { expected }: Pick<Trial, 'expected'>,
  found: Readonly<Record<string, ArrayLike<number>>>,
  precision: Precision,
): string | undefined {
  for (const [name, { data }] of expected) {
    const values = found[name];
    if (values === undefined || values.length !== data.length)
      return `'${name}' has ${values?.length ?? 'no'} elements, not ${data.length}`;
    let squares = 0;
    for (let i = 0; i < data.length; i++) squares += data[i]! ** 2;
    const scale = Math.max(Math.sqrt(squares / data.length), floor);
    for (let i = 0; i < data.length; i++) {
      if (Math.abs(values[i]! - data[i]!) / scale <= trialTolerances[precision]) continue;
      return `computes wrongly: '${name}'[${i}] is ${values[i]}, not ${data[i]}`;
    }
  }
  return undefined;
}

/**
 * Compiles a trial for a device, takes its step and compares.
 *
 * @returns why the device cannot be used; undefined where it can
 */
export async function tryOut(
  trial: Trial,
  compile: ComputeBackend['compile'],
  { precision = 'float32', ...options }: CompileOptions,
): Promise<string | undefined> {
  try {
    const executable = await compile(trial.program, { ...options, precision, state: trial.state });
    try {
      const outputs = await executable.step(trial.feeds);
      const found = Object.fromEntries(
        [...Object.entries(outputs), ...(await executable.readState())].map(([name, { data }]) => [
          name,
          data,
        ]),
      );
      return trialFault(trial, found, precision);
    } finally {
      await executable.dispose();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
