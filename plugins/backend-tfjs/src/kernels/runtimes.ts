import { LimbeckError } from '@limbeck/core';
import { type KernelsDevice, KernelsRuntime } from './device.js';
import type { Tfjs } from './tfjs.js';

/** Where tfjs comes from. */
export interface KernelsSource {
  /**
   * tfjs with a device registered.
   *
   * @throws LimbeckError BACKEND_UNAVAILABLE saying why not; its hint is the command that would change it
   */
  load(device: KernelsDevice): Promise<Tfjs>;
  /** What makes one of the devices available. */
  readonly remedy: string;
}

/** Makes devices ready, each once. */
export class KernelsRuntimes {
  readonly #source: KernelsSource;
  readonly #ready = new Map<KernelsDevice, Promise<KernelsRuntime>>();

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

  async #prepare(device: KernelsDevice): Promise<KernelsRuntime> {
    const tf = await this.#source.load(device);
    const before = tf.engine().backendName;
    try {
      if (!(await tf.setBackend(device))) throw new Error('it does not start');
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new LimbeckError('BACKEND_UNAVAILABLE', `tfjs has no ${device} here: ${message}`, { cause });
    } finally {
      if (before !== undefined && before !== null) await tf.setBackend(before);
    }
    // small tensors would be computed on the CPU, and read back for it
    if (device === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
    return new KernelsRuntime(tf, device, () => {
      this.#ready.delete(device);
      tf.removeBackend(device);
    });
  }
}
