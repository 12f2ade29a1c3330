import { LimbeckError } from '@limbeck/core';
import {
  type Capabilities,
  type CompileOptions,
  type ComputeBackend,
  type Executable,
  serialExecutable,
} from '@limbeck/core/backend';
import {
  checkState,
  type InterpreterPrecision,
  inlineComposites,
  interpret,
  type Program,
  type StateDict,
  signatureOf,
  verify,
  zeroState,
} from '@limbeck/graph';

const copyState = (state: StateDict): StateDict =>
  new Map(
    [...state].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() } as typeof tensor]),
  );

const interpreterBackend = (id: string, accuracy: InterpreterPrecision): ComputeBackend => ({
  id,
  description: `reference interpreter in ${accuracy}: slow, says what every operation means`,
  capabilities: async (): Promise<Capabilities> => ({
    available: true,
    runtime: 'interpreter',
    devices: ['cpu'],
    precisions: ['float32'],
    loads: [],
  }),
  compile: async (program, options = {}) => compile(program, accuracy, options),
});

/**
 * The reference interpreter behind the contract of a compute backend: slow, rounding to float32 after each operation.
 * The conformance cases are proved on it, and tests that need some backend but no runtime may use it.
 */
export const referenceBackend: ComputeBackend = interpreterBackend('reference', 'float32');

/** The same in float64, rounding what a step gives alone: tells what rounding has made of the other's results. */
export const exactBackend: ComputeBackend = interpreterBackend('reference-float64', 'float64');

function compile(
  program: Program,
  accuracy: InterpreterPrecision,
  { device = 'cpu', precision = 'float32', state }: CompileOptions,
): Executable {
  const started = performance.now();
  if (device !== 'cpu' || precision !== 'float32') {
    throw new LimbeckError(
      'BACKEND_UNSUPPORTED',
      `the reference interpreter has no ${precision} on ${device}`,
      {
        hint: 'it computes in float32 on the CPU',
      },
    );
  }
  verify(program);
  const signature = signatureOf(program);
  if (state !== undefined) checkState(signature, state);
  const inlined = inlineComposites(program);
  let current = copyState(state ?? zeroState(signature));
  return serialExecutable(
    {
      signature,
      step: (inputs) => {
        const result = interpret(inlined, new Map(Object.entries(inputs)), current, { precision: accuracy });
        current = result.state;
        return Object.fromEntries(result.outputs);
      },
      readState: () => copyState(current),
      writeState: (values) => {
        current = copyState(values);
      },
      release: () => {
        current = new Map();
      },
    },
    (performance.now() - started) / 1000,
  );
}
