import type { Executable, Feeds, Fetches } from '@limbeck/core/backend';
import { leafName, type StateDict, type TensorData, tensorData } from '@limbeck/graph';
import { stateFor } from '../programs/state.js';
import { accumulatorName, averageDecayInput, bufferInput, gradientInput } from '../programs/step-program.js';
import type { StepPlan } from '../programs/student.js';
import type { Placement } from '../run/choices.js';
import type { RunListener } from '../run/events.js';
import { compile } from './compile.js';

/** What an optimiser step is given besides batches. */
export interface Rates {
  /** Learning rate. */
  readonly lr: number;
  /** Decay of the weights' average; for steps that keep one. */
  readonly averageDecay?: number;
}

/** The student's step, compiled, with its state. */
export interface StudentStep {
  /** Inputs of a batch. */
  readonly inputs: ReadonlySet<string>;
  /**
   * Computes gradients of one batch; the weights change with the last batch of a step.
   *
   * @param part which batch of the step, counted from 0
   */
  batch(feeds: Feeds, part: number, rates: Rates): Promise<Fetches>;
  /** A copy of the state between two steps. */
  readState(): Promise<StateDict>;
  /** Replaces some of the values that no step changes; names it does not have are fine. */
  replace(values: StateDict): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Compiles a step.
 *
 * @param state its first values; more than it needs is fine
 */
export async function openStudentStep(
  plan: StepPlan,
  placement: Placement,
  { state, emit }: { state: StateDict; emit: RunListener },
): Promise<StudentStep> {
  const { program, update } = plan;
  if (update === undefined) {
    return new WholeStep(await compile(program, placement, { emit, state: stateFor(program, state) }));
  }
  const zeros = new Map(
    plan.trained.map((name) => {
      const { current } = program.state.find((slot) => slot.name === accumulatorName(name))!;
      return [accumulatorName(name), tensorData('float32', current.shape)];
    }),
  );
  const first = stateFor(program, new Map([...state, ...zeros]));
  const gradients = await compile(program, placement, { emit, state: first });
  try {
    const updating = await compile(update, placement, { emit, state: stateFor(update, state) });
    return new AccumulatingStep(plan, { gradients, updating, zeros });
  } catch (error) {
    await gradients.dispose();
    throw error;
  }
}

const scalar = (value: number): TensorData => tensorData('float32', [], Float32Array.of(value));

/** The inputs of a program that say how far weights move. */
function feedsOf({ lr, averageDecay }: Rates, { signature }: Executable): Feeds {
  const isAveraged = signature.inputs.some(({ name }) => name === averageDecayInput);
  return { lr: scalar(lr), ...(isAveraged ? { [averageDecayInput]: scalar(averageDecay!) } : {}) };
}

async function replaceIn(executable: Executable, values: StateDict): Promise<void> {
  const state = [...(await executable.readState())];
  await executable.writeState(new Map(state.map(([name, value]) => [name, values.get(name) ?? value])));
}

/** Gradients and update in one program, for one batch a step. */
class WholeStep implements StudentStep {
  readonly inputs: ReadonlySet<string>;
  readonly #executable: Executable;

  constructor(executable: Executable) {
    this.#executable = executable;
    this.inputs = new Set(executable.signature.inputs.map(({ name }) => name));
  }

  batch(feeds: Feeds, _part: number, rates: Rates): Promise<Fetches> {
    return this.#executable.step({ ...feeds, ...feedsOf(rates, this.#executable) });
  }

  readState(): Promise<StateDict> {
    return this.#executable.readState();
  }

  replace(values: StateDict): Promise<void> {
    return replaceIn(this.#executable, values);
  }

  dispose(): Promise<void> {
    return this.#executable.dispose();
  }
}

/**
 * A program that adds gradients up, batch by batch, and one that updates the weights. The weights are in both; the first
 * has the buffers, the second what optimiser, transforms and average keep, which never moves.
 */
class AccumulatingStep implements StudentStep {
  readonly inputs: ReadonlySet<string>;
  readonly #batches: number;
  readonly #trained: readonly string[];
  /** Buffers that the update reads. */
  readonly #buffers: readonly string[];
  readonly #gradients: Executable;
  readonly #updating: Executable;
  readonly #zeros: StateDict;

  constructor(
    { program, update, batches, trained }: StepPlan,
    { gradients, updating, zeros }: { gradients: Executable; updating: Executable; zeros: StateDict },
  ) {
    this.inputs = new Set(program.inputs.map(leafName));
    this.#batches = batches;
    this.#trained = trained;
    const given = new Set(update!.inputs.map(leafName));
    this.#buffers = program.state.map(({ name }) => name).filter((name) => given.has(bufferInput(name)));
    this.#gradients = gradients;
    this.#updating = updating;
    this.#zeros = zeros;
  }

  async batch(feeds: Feeds, part: number, rates: Rates): Promise<Fetches> {
    const fetches = await this.#gradients.step(feeds);
    if (part === this.#batches - 1) await this.#update(rates);
    return fetches;
  }

  async readState(): Promise<StateDict> {
    const state = [...(await this.#gradients.readState())].filter(([name]) => !this.#zeros.has(name));
    return new Map([...state, ...(await this.#updating.readState())]);
  }

  replace(values: StateDict): Promise<void> {
    return replaceIn(this.#gradients, values);
  }

  async dispose(): Promise<void> {
    await Promise.allSettled([this.#gradients.dispose(), this.#updating.dispose()]);
  }

  async #update(rates: Rates): Promise<void> {
    const state = await this.#gradients.readState();
    const sums = this.#trained.map((name) => [gradientInput(name), state.get(accumulatorName(name))!]);
    const buffers = this.#buffers.map((name) => [bufferInput(name), state.get(name)!]);
    const weights = await this.#updating.step({
      ...feedsOf(rates, this.#updating),
      ...Object.fromEntries([...sums, ...buffers]),
    });
    const next = this.#trained.map((name) => [name, weights[name]!] as const);
    await this.#gradients.writeState(new Map([...state, ...this.#zeros, ...next]));
  }
}
