import { CallQueue, checkFeeds, type Executable, type Feeds, type Fetches } from '@limbeck/core';
import {
  allocate,
  checkState,
  type Program,
  type ProgramSignature,
  type StateDict,
  signatureOf,
  type TensorData,
  type TensorType,
  tensorData,
} from '@limbeck/graph';
import { carrierOf } from '../lowering/ports.js';
import { explainFailure } from './explain-failure.js';
import { closeSession, type Session } from './open-session.js';
import type { Runtime, TfSavedModel, TfTensor } from './runtime.js';

/** A session of TensorFlow that holds a program's state. */
export class SessionExecutable implements Executable {
  readonly signature: ProgramSignature;
  readonly compileSeconds: number;
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #calls: CallQueue;

  /** @param state first values of all state, which the session does not have yet */
  constructor(
    program: Program,
    {
      runtime,
      session,
      started,
      state,
    }: { runtime: Runtime; session: Session; started: number; state?: StateDict },
  ) {
    this.signature = signatureOf(program);
    this.#calls = new CallQueue(program.name);
    this.#runtime = runtime;
    this.#session = session;
    this.#write(state ?? zeros(program));
    this.compileSeconds = (performance.now() - started) / 1000;
  }

  step(inputs: Feeds): Promise<Fetches> {
    return this.#calls.run(() => {
      checkFeeds(this.signature.name, this.signature.inputs, inputs);
      const outputs = this.#call('step', inputs, 'a step');
      return readAll([...this.signature.outputs], outputs);
    });
  }

  readState(): Promise<StateDict> {
    return this.#calls.run(() => {
      const slots = this.signature.state.map((slot) => [slot.name, slot] as const);
      if (slots.length === 0) return new Map();
      return new Map(Object.entries(readAll(slots, this.#call('read', {}, 'reading the state'))));
    });
  }

  writeState(state: StateDict): Promise<void> {
    return this.#calls.run(() => {
      checkState(this.signature, state);
      this.#write(state);
    });
  }

  dispose(): Promise<void> {
    return this.#calls.dispose(() => closeSession(this.#session));
  }

  #write(state: StateDict): void {
    if (this.signature.state.length === 0) return;
    const done = this.#call('write', Object.fromEntries(state), 'writing the state');
    for (const tensor of Object.values(done)) tensor.dispose();
  }

  /** Runs a signature on host tensors. */
  #call(signature: string, inputs: Feeds, what: string): Record<string, TfTensor> {
    const given: Record<string, TfTensor> = {};
    try {
      for (const [name, tensor] of Object.entries(inputs)) given[name] = this.#wrap(tensor);
      return (this.#session[signature] as TfSavedModel).predict(given);
    } catch (cause) {
      throw explainFailure(what, this.signature.name, cause);
    } finally {
      for (const tensor of Object.values(given)) tensor.dispose();
    }
  }

  #wrap({ dtype, shape, data }: TensorData): TfTensor {
    const carrier = carrierOf(dtype);
    const values = carrier === dtype ? data : Int32Array.from(data);
    return this.#runtime.tf.tensor(values as Float32Array, shape, carrier);
  }
}

/** Copies results to the host and frees them. */
function readAll(
  wanted: readonly (readonly [name: string, tensor: TensorType])[],
  results: Readonly<Record<string, TfTensor>>,
): Record<string, TensorData> {
  try {
    return Object.fromEntries(
      wanted.map(([name, { dtype, shape }]) => {
        const values = results[name]!.dataSync();
        if (carrierOf(dtype) === dtype) return [name, tensorData(dtype, shape, values as never)];
        const data = allocate(dtype, values.length);
        data.set(values);
        return [name, tensorData(dtype, shape, data as never)];
      }),
    );
  } finally {
    for (const tensor of Object.values(results)) tensor.dispose();
  }
}

const zeros = (program: Program): StateDict =>
  new Map(
    program.state.map(({ name, current: { dtype, shape } }) => [name, tensorData(dtype, shape)] as const),
  );
