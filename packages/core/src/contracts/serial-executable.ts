import { checkState, type ProgramSignature, type StateDict } from '@limbeck/graph';
import type { Executable, Feeds, Fetches, ProfileEntry, ProfileOptions } from './backend.js';
import { CallQueue } from './call-queue.js';
import { checkFeeds } from './feeds.js';

/**
 * What a backend makes of a program. Each call begins when the one before is done, with inputs and state that fit; none
 * comes after `release`.
 */
export interface LoadedProgram {
  readonly signature: ProgramSignature;
  /** As {@link Executable.step}. */
  step(inputs: Feeds): Fetches | Promise<Fetches>;
  /** As {@link Executable.readState}. */
  readState(): StateDict | Promise<StateDict>;
  /** As {@link Executable.writeState}. */
  writeState(state: StateDict): void | Promise<void>;
  /** Lets go of everything. */
  release(): void | Promise<void>;
  /** As {@link Executable.profile}. */
  profile?(options: ProfileOptions): Promise<readonly ProfileEntry[]>;
}

/**
 * For backends: an executable whose calls run one after another, in the order they were asked for. Inputs and state that
 * do not fit are refused, and so is everything after it was disposed of.
 *
 * @param compileSeconds as {@link Executable.compileSeconds}
 */
export function serialExecutable(loaded: LoadedProgram, compileSeconds: number): Executable {
  const { signature } = loaded;
  const calls = new CallQueue(signature.name);
  return {
    signature,
    compileSeconds,
    step: (inputs) =>
      calls.run(() => {
        checkFeeds(signature.name, signature.inputs, inputs);
        return loaded.step(inputs);
      }),
    readState: () => calls.run(() => loaded.readState()),
    writeState: (state) =>
      calls.run(() => {
        checkState(signature, state);
        return loaded.writeState(state);
      }),
    dispose: () => calls.dispose(() => loaded.release()),
    ...(loaded.profile === undefined
      ? {}
      : { profile: (options = {}) => calls.run(() => loaded.profile!(options)) }),
  };
}
