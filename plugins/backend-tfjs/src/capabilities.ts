import { type Capabilities, isLimbeckError } from '@limbeck/core';
import { loadRuntime, messageOf } from './session/runtime.js';

/** What tfjs-node can do on this machine. */
export function findCapabilities(): Promise<Capabilities> {
  try {
    const { package: name, version, tensorflow, gpu } = loadRuntime();
    return Promise.resolve({
      available: true,
      runtime: `${name.replace('@tensorflow/', '')} ${version}, TensorFlow ${tensorflow}`,
      devices: [gpu ? 'cuda' : 'cpu'],
      precisions: ['float32'],
      loads: [],
    });
  } catch (error) {
    const command = isLimbeckError(error) ? error.hint : undefined;
    return Promise.resolve({
      available: false,
      reason: messageOf(error),
      ...(command === undefined ? {} : { remedy: command }),
    });
  }
}
