import { LimbeckError } from '@limbeck/core';
import { trainingTrial, tryOut } from '@limbeck/core/backend';
import { messageOf } from '../message-of.js';
import { compileFor } from './compile-for.js';
import { type KernelsDevice, KernelsRuntime, kernelsDevices } from './device.js';
import { registerPlainKernels } from './plain/register.js';
import type { Tfjs } from './tfjs.js';

/** Where tfjs comes from. */
export interface KernelsSource {
  /**
   * tfjs with a device registered; asked for again where the device was lost, when tfjs does not know it any more.
   *
   * @throws LimbeckError BACKEND_UNAVAILABLE saying why not; its hint is the command that would change it
   */
  load(device: KernelsDevice): Promise<Tfjs>;
  /** What makes one of the devices available. */
  readonly remedy: string;
}

/** Makes tfjs forget a device that was lost, so that it can be registered anew. */
async function forget(tf: Tfjs, device: KernelsDevice): Promise<void> {
  const other = kernelsDevices.find((name) => name !== device && tf.findBackendFactory(name));
  // without an active device tfjs would look for one by itself
  if (other !== undefined && tf.engine().backendName === device) await tf.setBackend(other);
  tf.removeBackend(device);
}

/** Makes devices ready, each once. */
export class KernelsRuntimes {
  readonly #source: KernelsSource;
  readonly #ready = new Map<KernelsDevice, Promise<KernelsRuntime>>();
  readonly #lost = new Map<KernelsDevice, Tfjs>();
  readonly #tried = new Map<KernelsRuntime, Promise<string | undefined>>();

  constructor(source: KernelsSource) {
    this.#source = source;
  }

  /** @throws LimbeckError BACKEND_UNAVAILABLE */
  get(device: KernelsDevice): Promise<KernelsRuntime> {
    let runtime = this.#ready.get(device);
    if (runtime === undefined) {
      runtime = this.#prepare(device);
      this.#ready.set(device, runtime);
      // what is missing now may be there at the next time of asking
      runtime.catch(() => this.#ready.delete(device));
    }
    return runtime;
  }

  /** Why a device that is ready cannot be used; undefined where it took a small training step and got it right. */
  fault(runtime: KernelsRuntime): Promise<string | undefined> {
    let fault = this.#tried.get(runtime);
    if (fault === undefined) {
      const trial = trainingTrial();
      fault = tryOut(trial, async (program) => compileFor(program, runtime, { state: trial.state }), {});
      this.#tried.set(runtime, fault);
    }
    return fault;
  }

  async #prepare(device: KernelsDevice): Promise<KernelsRuntime> {
    const stale = this.#lost.get(device);
    if (stale !== undefined) await forget(stale, device);
    this.#lost.delete(device);
    const tf = await this.#source.load(device);
    const before = tf.engine().backendName;
    try {
      if (!(await tf.setBackend(device))) throw new Error('it does not start');
    } catch (cause) {
      throw new LimbeckError('BACKEND_UNAVAILABLE', `tfjs has no ${device} here: ${messageOf(cause)}`, {
        cause,
      });
    } finally {
      if (before !== undefined && before !== null) await tf.setBackend(before);
    }
    if (device === 'cpu') registerPlainKernels(tf);
    // small tensors would be computed on the CPU, and read back for it
    if (device === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
    return new KernelsRuntime(tf, device, () => {
      this.#ready.delete(device);
      this.#lost.set(device, tf);
    });
  }
}
