import { type Capabilities, isLimbeckError } from '@limbeck/core';
import { bfloat16Fault } from './session/bfloat16.js';
import { loadRuntime, messageOf } from './session/runtime.js';

/** What tfjs-node can do on this machine. */
export async function findCapabilities(): Promise<Capabilities> {
  try {
    const runtime = loadRuntime();
    const { package: name, version, tensorflow, gpu } = runtime;
    const half = (await bfloat16Fault(runtime)) === undefined;
    return {
      available: true,
      runtime: `${name.replace('@tensorflow/', '')} ${version}, TensorFlow ${tensorflow}`,
      devices: [gpu ? 'cuda' : 'cpu'],
      precisions: half ? ['float32', 'bfloat16'] : ['float32'],
      loads: [],
    };
  } catch (error) {
    const command = isLimbeckError(error) ? error.hint : undefined;
    return {
      available: false,
      reason: messageOf(error),
      ...(command === undefined ? {} : { remedy: command }),
    };
  }
}
