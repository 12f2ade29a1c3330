import { LimbeckError } from '@limbeck/core';
import type { CompileOptions, ComputeBackend, Executable } from '@limbeck/core/backend';
import { checkState, type Program, signatureOf, verify } from '@limbeck/graph';
import { findCapabilities, isKernelsDevice, offer } from './capabilities.js';
import { compileFor } from './compile-for.js';
import { type KernelsDevice, type KernelsRuntime, kernelsDevices } from './device.js';
import { KernelsRuntimes, type KernelsSource } from './runtimes.js';
import type { Tfjs } from './tfjs.js';

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
    const found = await findCapabilities(runtimes, source);
    if (found.available) return runtimes.get(found.devices[0] as KernelsDevice);
    throw new LimbeckError('BACKEND_UNAVAILABLE', `no device for '${name}': ${found.reason}`, {
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
    if (state !== undefined) checkState(signatureOf(program), state);
    const runtime = await runtimeFor(program.name, options, runtimes, source);
    return compileFor(program, runtime, options, started);
  };
  return {
    id: 'tfjs-kernels',
    description: 'kernels of tfjs on WebGPU, WebAssembly or plain JavaScript',
    capabilities: () => findCapabilities(runtimes, source),
    offer: (request) => offer(runtimes, request),
    compile,
  };
}

/**
 * The compute backend over a tfjs that is loaded already, as in a browser: import the packages of the devices wanted
 * before.
 *
 * @example
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-webgpu';
 * const backend = createKernelsBackend(tf);
 * const student = await backend.compile(program, { device: 'webgpu' });
 */
export function createKernelsBackend(tf: Tfjs): ComputeBackend {
  const factories = new Map<KernelsDevice, unknown>();
  return kernelsBackend({
    remedy: 'import a package of tfjs that brings a device, such as @tensorflow/tfjs-backend-webgpu',
    load: async (device) => {
      const known = factories.get(device);
      const factory = tf.findBackendFactory(device) ?? known;
      if (factory === undefined || factory === null)
        throw new LimbeckError('BACKEND_UNAVAILABLE', `the ${device} device of tfjs is not there`, {
          hint: `import @tensorflow/tfjs-backend-${device}`,
        });
      // a device that was lost is asked for again in the same way
      if (!tf.findBackendFactory(device)) tf.registerBackend(device, factory as () => never);
      factories.set(device, factory);
      return tf;
    },
  });
}
