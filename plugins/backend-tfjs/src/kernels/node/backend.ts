import { LimbeckError } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { messageOf } from '../../message-of.js';
import { kernelsBackend } from '../backend.js';
import type { KernelsDevice } from '../device.js';
import type { Tfjs } from '../tfjs.js';
import { commandFor, findPackages } from './packages.js';
import { registerWebgpu } from './webgpu.js';

/** Loads what a device needs, which may be installed anywhere around. */
async function load(device: KernelsDevice): Promise<Tfjs> {
  const found = findPackages(device);
  const { require, core } = found;
  let tf: Tfjs;
  try {
    tf = require(core) as Tfjs;
    // else it advises to use tfjs-node, which is what the backend 'tfjs' does
    tf.env().set('PROD', true);
    require(found.device[0]);
  } catch (cause) {
    throw new LimbeckError(
      'BACKEND_UNAVAILABLE',
      `tfjs' ${device} device cannot be loaded: ${messageOf(cause)}`,
      {
        hint: commandFor(device),
        cause,
      },
    );
  }
  if (device === 'webgpu') await registerWebgpu(tf, found);
  return tf;
}

/**
 * Programs run kernel by kernel by tfjs: on a graphics processor through WebGPU, as WebAssembly, or as plain JavaScript.
 * Slower than {@link tfjsBackend} on a CPU; it needs no native library of TensorFlow. Computes in float32.
 */
export const tfjsKernelsBackend: ComputeBackend = kernelsBackend({
  load,
  remedy: commandFor('wasm'),
});
