import {
  type Capabilities,
  type CompileOptions,
  type ComputeBackend,
  checkFeeds,
  type Executable,
  type Fetches,
  LimbeckError,
} from '@limbeck/core';
import {
  allocate,
  checkState,
  GraphError,
  inlineComposites,
  interpret,
  type Program,
  type StateDict,
  signatureOf,
  type TensorData,
  tensorData,
  verify,
} from '@limbeck/graph';

const copy = <T extends TensorData>(tensor: T): T => ({ ...tensor, data: tensor.data.slice() });

const copyState = (state: StateDict): Map<string, TensorData> =>
  new Map([...state].map(([name, tensor]) => [name, copy(tensor)]));

/**
 * The reference interpreter behind the contract of a compute backend: slow, rounding to float32 after each operation.
 * The conformance cases are proved on it, and tests that need some backend but no runtime may use it.
 */
export const referenceBackend: ComputeBackend = {
  id: 'reference',
  description: 'reference interpreter: slow, says what every operation means',
  capabilities: (): Promise<Capabilities> =>
    Promise.resolve({
      available: true,
      runtime: 'interpreter',
      devices: ['cpu'],
      precisions: ['float32'],
      loads: [],
    }),
  compile: (program, options = {}) => settle(() => compile(program, options)),
};

/** Turns what `work` throws into a rejection, as every backend has it. */
function settle<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

function compile(
  program: Program,
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
  const inlined = inlineComposites(program);
  const zeros = new Map(
    program.state.map(({ name, current: { dtype, shape } }): [string, TensorData] => [
      name,
      tensorData(
        dtype,
        shape,
        allocate(
          dtype,
          shape.reduce((size, n) => size * n, 1),
        ),
      ),
    ]),
  );
  let current: Map<string, TensorData> | undefined =
    state === undefined ? zeros : fittingState(program, state);
  const live = (): Map<string, TensorData> => {
    if (current !== undefined) return current;
    throw new LimbeckError('BACKEND_FAILED', `program '${program.name}' has been disposed of`);
  };
  return {
    signature: signatureOf(program),
    compileSeconds: (performance.now() - started) / 1000,
    step: (inputs) =>
      settle((): Fetches => {
        const before = live();
        checkFeeds(program.name, signatureOf(program).inputs, inputs);
        const result = interpret(inlined, new Map(Object.entries(inputs)), before, { precision: 'float32' });
        current = result.state;
        return Object.fromEntries(result.outputs);
      }),
    readState: () => settle(() => copyState(live())),
    writeState: (values) =>
      settle(() => {
        live();
        current = fittingState(program, values);
      }),
    dispose: () =>
      settle(() => {
        current = undefined;
      }),
  };
}

function fittingState(program: Program, state: StateDict): Map<string, TensorData> {
  try {
    checkState(signatureOf(program), state);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw new LimbeckError('SHAPE_MISMATCH', error.message, { cause: error });
  }
  return copyState(state);
}
