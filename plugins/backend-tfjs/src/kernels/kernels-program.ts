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
import { logical } from '../lowering/layout.js';
import type { KernelsRuntime } from './device.js';
import { failure } from './failure.js';
import { KernelTimes } from './kernel-times.js';
import type { KernelCall, Plan, Slot } from './lowering/plan.js';
import type { KernelInputs, KernelTensor } from './tfjs.js';
import { download, upload } from './values.js';

/** Values while a step runs, each at its place. */
type Values = (KernelTensor | undefined)[];

/** A program that is run kernel by kernel; its state stays on the device. */
export class KernelsProgram implements LoadedProgram {
  readonly signature: ProgramSignature;
  readonly profile?: (options: ProfileOptions) => Promise<readonly ProfileEntry[]>;
  readonly #runtime: KernelsRuntime;
  readonly #plan: Plan;
  /** Constants and state; undefined at every other place. */
  readonly #resident: Values;
  readonly #times: KernelTimes | undefined;

  /**
   * @param state first values of all state; zeros where there are none
   * @param profile whether somebody will ask for the times of kernels
   */
  constructor(
    program: Program,
    {
      runtime,
      plan,
      state,
      profile = false,
    }: { runtime: KernelsRuntime; plan: Plan; state?: StateDict; profile?: boolean },
  ) {
    this.signature = signatureOf(program);
    this.#runtime = runtime;
    this.#plan = plan;
    this.#resident = new Array<undefined>(plan.size);
    if (profile) {
      this.#times = new KernelTimes();
      this.profile = async (options) => this.#entries(options);
    }
    try {
      runtime.active(() => {
        for (const { slot, data } of plan.constants)
          this.#resident[slot] = upload(runtime.tf, data, logical(data.shape.length), { copy: false });
      });
      this.#write(state);
    } catch (cause) {
      free(this.#resident);
      throw failure(`loading '${program.name}'`, runtime, cause);
    }
  }

  async step(inputs: Feeds): Promise<Fetches> {
    const values = this.#resident.slice();
    let at: KernelCall | undefined;
    const took: number[] = [];
    const begun = performance.now();
    const enter = (call: KernelCall) => {
      at = call;
    };
    try {
      const fetched = await this.#runtime.guarded(() => {
        this.#runtime.active(() => this.#walk(values, inputs, { enter, took }));
        return this.#fetch(values);
      });
      if (this.#runtime.lost !== undefined) throw new Error('lost');
      this.#commit(values);
      this.#times?.add(this.#plan.calls, took, performance.now() - begun);
      return fetched;
    } catch (cause) {
      const where = at === undefined || at.scope === '' ? '' : ` at ${at.scope}`;
      const what = `a step of '${this.signature.name}'${where}`;
      throw failure(what, this.#runtime, cause, { hint: 'the state is that of before' });
    } finally {
      free(values, this.#resident);
    }
  }

  async readState(): Promise<StateDict> {
    try {
      const entries = this.#plan.state.map(async ({ name, tensor, slot, layout }) => {
        return [name, await download(this.#resident[slot]!, tensor, layout)] as const;
      });
      return new Map(await Promise.all(entries));
    } catch (cause) {
      throw failure(`reading the state of '${this.signature.name}'`, this.#runtime, cause);
    }
  }

  writeState(state: StateDict): void {
    try {
      this.#write(state);
    } catch (cause) {
      throw failure(`writing the state of '${this.signature.name}'`, this.#runtime, cause);
    }
  }

  release(): void {
    free(this.#resident);
  }

  #entries(options: ProfileOptions): ProfileEntry[] {
    const { device } = this.#runtime.target;
    if (device !== 'webgpu') return this.#times!.entries(options);
    throw new LimbeckError(
      'BACKEND_UNSUPPORTED',
      `there are no times of the kernels of '${this.signature.name}': a graphics processor computes them after they were called`,
      { hint: "the device 'wasm' tells the times of its kernels, in which others may be the slow ones" },
    );
  }

  #write(state: StateDict | undefined): void {
    const fresh: Values = new Array<undefined>(this.#plan.size);
    this.#runtime.active(() => {
      try {
        for (const { name, slot, tensor, layout } of this.#plan.state) {
          const given = state?.get(name) ?? tensorData(tensor.dtype, tensor.shape);
          fresh[slot] = upload(this.#runtime.tf, given, layout, { copy: state !== undefined });
        }
      } catch (cause) {
        free(fresh);
        throw cause;
      }
    });
    for (const { slot } of this.#plan.state) this.#replace(slot, fresh[slot]!);
  }

  #replace(slot: Slot, value: KernelTensor): void {
    this.#resident[slot]?.dispose();
    this.#resident[slot] = value;
  }

  /**
   * Calls the kernels one after another and frees what is not needed any more.
   *
   * @param enter told of each call before it is made
   * @param took gets the milliseconds of each call
   */
  #walk(
    values: Values,
    inputs: Feeds,
    { enter, took }: { enter(call: KernelCall): void; took: number[] },
  ): void {
    const { tf, target } = this.#runtime;
    const engine = tf.engine();
    for (const { name, slot, tensor } of this.#plan.inputs)
      values[slot] = upload(tf, inputs[name]!, logical(tensor.shape.length), { copy: this.#plan.keepsFeeds });
    for (const call of this.#plan.calls) {
      enter(call);
      const given = bind(call, values);
      const begun = performance.now();
      values[call.result] = engine.runKernel(
        target.named(call.kernel),
        given as never,
        call.attributes as never,
      ) as KernelTensor;
      took.push(performance.now() - begun);
      for (const slot of call.frees) {
        values[slot]!.dispose();
        values[slot] = undefined;
      }
    }
  }

  async #fetch(values: Values): Promise<Record<string, TensorData>> {
    const entries = this.#plan.outputs.map(async ({ name, tensor, slot }) => {
      return [name, await download(values[slot]!, tensor)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Replaces the state that changes, all at once: a value may become two states, or be a state already. */
  #commit(values: Values): void {
    const engine = this.#runtime.tf.engine();
    const next = this.#runtime.active(() =>
      this.#plan.state.map(({ slot, next: from }) => {
        const given = from === undefined ? undefined : { x: values[from]! };
        return { slot, value: given && (engine.runKernel('Identity', given as never) as KernelTensor) };
      }),
    );
    for (const { slot, value } of next) if (value !== undefined) this.#replace(slot, value);
  }
}

/** The values a call reads, as the kernel wants them. */
function bind({ inputs }: KernelCall, values: Values): KernelInputs {
  if (Array.isArray(inputs)) return (inputs as readonly Slot[]).map((slot) => values[slot]!);
  const given: Record<string, KernelTensor> = {};
  for (const [name, slot] of Object.entries(inputs)) given[name] = values[slot as Slot]!;
  return given;
}

/** Frees values, except those that are at the same place elsewhere. */
function free(values: Values, kept: Values = []): void {
  values.forEach((value, slot) => {
    if (value !== undefined && value !== kept[slot]) value.dispose();
    values[slot] = undefined;
  });
}
