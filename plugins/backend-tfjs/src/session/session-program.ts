import type { Feeds, Fetches, LoadedProgram, ProfileEntry, ProfileOptions } from '@limbeck/core/backend';
import {
  allocate,
  type Program,
  type ProgramSignature,
  type StateDict,
  signatureOf,
  type TensorData,
  type TensorType,
  tensorData,
  zeroState,
} from '@limbeck/graph';
import { carrierOf } from '../lowering/ports.js';
import { carried } from './carried.js';
import { explainFailure } from './explain-failure.js';
import { closeSession, type Session } from './open-session.js';
import type { ProfiledSession } from './profile/profile-session.js';
import type { Runtime, TfSavedModel, TfTensor } from './runtime.js';

/** What a profile repeats: the last step, from where the session is. */
type SteppedSession = Pick<ProfiledSession, 'feeds' | 'state' | 'steps'>;

/** Steps that are profiled at most. */
const mostProfiled = 20;

/** A session of TensorFlow that holds a program's state. */
export class SessionProgram implements LoadedProgram {
  readonly signature: ProgramSignature;
  readonly profile?: (options: ProfileOptions) => Promise<readonly ProfileEntry[]>;
  readonly #runtime: Runtime;
  readonly #session: Session;
  /** Inputs of the last step, kept for a profile alone. Whoever owns their memory may write it anew: only times are taken. */
  #last: Feeds | undefined;
  #steps = 0;

  /**
   * @param state first values of all state, which the session does not have yet
   * @param profile how its steps are profiled, where somebody will ask
   */
  constructor(
    program: Program,
    {
      runtime,
      session,
      state,
      profile,
    }: {
      runtime: Runtime;
      session: Session;
      state?: StateDict;
      profile?: (what: SteppedSession) => Promise<readonly ProfileEntry[]>;
    },
  ) {
    this.signature = signatureOf(program);
    this.#runtime = runtime;
    this.#session = session;
    if (profile !== undefined) this.profile = (options) => this.#profile(profile, options);
    this.writeState(state ?? zeroState(this.signature));
  }

  step(inputs: Feeds): Fetches {
    const fetched = readAll([...this.signature.outputs], this.#call('step', inputs, 'a step'));
    this.#steps++;
    if (this.profile !== undefined) this.#last = inputs;
    return fetched;
  }

  readState(): StateDict {
    const slots = this.signature.state.map((slot) => [slot.name, slot] as const);
    if (slots.length === 0) return new Map();
    return new Map(Object.entries(readAll(slots, this.#call('read', {}, 'reading the state'))));
  }

  writeState(state: StateDict): void {
    if (this.signature.state.length === 0) return;
    const done = this.#call('write', Object.fromEntries(state), 'writing the state');
    for (const tensor of Object.values(done)) tensor.dispose();
  }

  release(): void {
    closeSession(this.#session);
  }

  async #profile(
    profile: (what: SteppedSession) => Promise<readonly ProfileEntry[]>,
    { warmUp = 0 }: ProfileOptions,
  ): Promise<readonly ProfileEntry[]> {
    const feeds = this.#last;
    if (feeds === undefined) return [];
    const steps = Math.max(1, Math.min(this.#steps - warmUp, mostProfiled));
    return profile({ feeds, state: this.readState(), steps });
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

  #wrap(tensor: TensorData): TfTensor {
    const { dtype, shape, data } = carried(tensor);
    return this.#runtime.tf.tensor(data, shape, dtype);
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
