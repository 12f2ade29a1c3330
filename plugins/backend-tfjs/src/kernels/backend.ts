import {
  type Capabilities,
  type CompileOptions,
  type ComputeBackend,
  type Executable,
  isLimbeckError,
  LimbeckError,
} from '@limbeck/core';
import { checkState, type Program, verify } from '@limbeck/graph';
import { type KernelsDevice, KernelsRuntime, kernelsDevices } from './device.js';
import { KernelsExecutable } from './kernels-executable.js';
import { lower } from './lowering/lower.js';
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
class KernelsRuntimes {
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

/** A processor that pretends to be a graphics processor is slower than the WASM backend on it. */
function byWorth(runtimes: readonly KernelsRuntime[]): KernelsDevice[] {
  const worth = ({ software, target: { device } }: KernelsRuntime) =>
    software ? 1.5 : kernelsDevices.indexOf(device);
  return [...runtimes].sort((a, b) => worth(a) - worth(b)).map(({ target }) => target.device);
}

async function findCapabilities(runtimes: KernelsRuntimes, { remedy }: KernelsSource): Promise<Capabilities> {
  const found: KernelsRuntime[] = [];
  const unavailable: Partial<Record<KernelsDevice, string>> = {};
  for (const device of kernelsDevices) {
    try {
      found.push(await runtimes.get(device));
    } catch (error) {
      if (!isLimbeckError(error)) throw error;
      unavailable[device] = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
    }
  }
  const [first] = found;
  if (first === undefined) return { available: false, reason: Object.values(unavailable).join('. '), remedy };
  return {
    available: true,
    runtime: `tfjs ${first.tf.version_core}`,
    devices: byWorth(found),
    precisions: ['float32'],
    loads: [],
    unavailable,
  };
}

const isKernelsDevice = (device: string): device is KernelsDevice =>
  (kernelsDevices as readonly string[]).includes(device);

/** The device asked for, or the best. */
async function runtimeFor(
  name: string,
  { device, precision = 'float32' }: CompileOptions,
  runtimes: KernelsRuntimes,
  source: KernelsSource,
): Promise<KernelsRuntime> {
  if (precision !== 'float32') {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `the tfjs kernels do not run '${name}' in ${precision}`, {
      hint: "use precision 'float32'",
    });
  }
  if (device === undefined) {
    const capabilities = await findCapabilities(runtimes, source);
    if (capabilities.available) return runtimes.get(capabilities.devices[0] as KernelsDevice);
    throw new LimbeckError('BACKEND_UNAVAILABLE', `no device for '${name}': ${capabilities.reason}`, {
      hint: source.remedy,
    });
  }
  if (isKernelsDevice(device)) return runtimes.get(device);
  throw new LimbeckError(
    'BACKEND_UNAVAILABLE',
    `the tfjs kernels cannot run '${name}' on ${device}: they run on ${kernelsDevices.join(', ')}`,
    { hint: "the backend 'tfjs' runs on CUDA" },
  );
}

/** The compute backend over tfjs' kernels, wherever tfjs comes from. */
export function kernelsBackend(source: KernelsSource): ComputeBackend {
  const runtimes = new KernelsRuntimes(source);
  const compile = async (program: Program, options: CompileOptions = {}): Promise<Executable> => {
    const started = performance.now();
    const { state } = options;
    verify(program);
    if (state !== undefined) checkState(program, state);
    const runtime = await runtimeFor(program.name, options, runtimes, source);
    const plan = lower(program, runtime.target);
    return new KernelsExecutable(program, {
      runtime,
      plan,
      started,
      ...(state === undefined ? {} : { state }),
    });
  };
  return {
    id: 'tfjs-kernels',
    description: 'kernels of tfjs on WebGPU, WebAssembly or plain JavaScript',
    capabilities: () => findCapabilities(runtimes, source),
    compile,
  };
}

/**
 * The compute backend over a tfjs that is loaded already, as in a browser: import the packages of the devices wanted before.
 *
 * @example
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-webgpu';
 * const backend = createKernelsBackend(tf);
 * const student = await backend.compile(program, { device: 'webgpu' });
 */
export function createKernelsBackend(tf: Tfjs): ComputeBackend {
  const remedy = 'import a package of tfjs that brings a device, such as @tensorflow/tfjs-backend-webgpu';
  return kernelsBackend({
    remedy,
    load: async (device) => {
      if (tf.findBackendFactory(device)) return tf;
      throw new LimbeckError('BACKEND_UNAVAILABLE', `tfjs' ${device} device is not there`, {
        hint: `import @tensorflow/tfjs-backend-${device}`,
      });
    },
  });
}
