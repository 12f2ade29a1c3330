import { LimbeckError } from '@limbeck/core';
import type { Feeds, Fetches, LoadedProgram, ProfileEntry, ProfileOptions } from '@limbeck/core/backend';
import {
  type Program,
  type ProgramSignature,
  type StateDict,
  signatureOf,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import type { Profile } from './profile.js';
import { messageOf, type Runtime } from './runtime.js';
import { wrap } from './tensors.js';

/** Names inside the model: a program may call an input and an output the same. */
export const names = {
  input: (name: string) => `input:${name}`,
  output: (name: string) => `output:${name}`,
  state: (name: string) => `state:${name}`,
  next: (name: string) => `next:${name}`,
};

/** A host tensor and the runtime's view of it. */
interface Buffer {
  readonly host: TensorData;
  readonly view: RuntimeTensor;
}

/** One of the two sets of memory that steps take turns with. */
interface Bank {
  /** State that changes: read from one bank, written to the other. */
  readonly state: ReadonlyMap<string, Buffer>;
  readonly outputs: ReadonlyMap<string, Buffer>;
}

/**
 * A session and the program's state beside it. All memory a step writes is allocated once: state and outputs exist
 * twice, and steps take turns.
 */
export class LoadedOnnxProgram implements LoadedProgram {
  readonly signature: ProgramSignature;
  readonly profile?: (options: ProfileOptions) => Promise<readonly ProfileEntry[]>;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #profile: Profile | undefined;
  /** State that steps leave as it is. */
  readonly #kept = new Map<string, Buffer>();
  readonly #banks: readonly [Bank, Bank];
  #current: 0 | 1 = 0;

  constructor(
    program: Program,
    { runtime, session, profile }: { runtime: Runtime; session: InferenceSession; profile?: Profile },
  ) {
    this.signature = signatureOf(program);
    this.#runtime = runtime;
    this.#session = session;
    this.#profile = profile;
    if (profile !== undefined) this.profile = (options) => profile.read(this.#session, options);
    const changed = program.state.filter(({ current, next }) => current !== next);
    for (const { name, current, next } of program.state)
      if (current === next) this.#kept.set(name, this.#allocate(current));
    const bank = (): Bank => ({
      state: new Map(changed.map(({ name, current }) => [name, this.#allocate(current)])),
      outputs: new Map([...program.outputs].map(([name, tensor]) => [name, this.#allocate(tensor)])),
    });
    this.#banks = [bank(), bank()];
  }

  async step(inputs: Feeds): Promise<Fetches> {
    const from = this.#banks[this.#current];
    const target = (1 - this.#current) as 0 | 1;
    const to = this.#banks[target];
    const feeds: Record<string, RuntimeTensor> = {};
    for (const { name } of this.signature.inputs)
      feeds[names.input(name)] = wrap(this.#runtime, inputs[name]!);
    for (const [name, { view }] of [...this.#kept, ...from.state]) feeds[names.state(name)] = view;
    const fetches: Record<string, RuntimeTensor> = {};
    for (const [name, { view }] of to.outputs) fetches[names.output(name)] = view;
    for (const [name, { view }] of to.state) fetches[names.next(name)] = view;
    try {
      await this.#session.run(feeds, fetches);
    } catch (cause) {
      throw new LimbeckError(
        'BACKEND_FAILED',
        `a step of '${this.signature.name}' failed: ${messageOf(cause)}`,
        { hint: 'the state is that of before the step', cause },
      );
    }
    this.#current = target;
    return Object.fromEntries([...to.outputs].map(([name, { host }]) => [name, host]));
  }

  readState(): StateDict {
    const changing = this.#banks[this.#current].state;
    return new Map(
      this.signature.state.map(({ name }) => {
        const { dtype, shape, data } = (changing.get(name) ?? this.#kept.get(name))!.host;
        return [name, tensorData(dtype, shape, data.slice() as never)];
      }),
    );
  }

  writeState(state: StateDict): void {
    const changing = this.#banks[this.#current].state;
    for (const [name, { data }] of state)
      (changing.get(name) ?? this.#kept.get(name))!.host.data.set(data as never);
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#profile?.discard();
  }

  #allocate({ dtype, shape }: Pick<TensorData, 'dtype' | 'shape'>): Buffer {
    const host = tensorData(dtype, shape);
    return { host, view: wrap(this.#runtime, host) };
  }
}
