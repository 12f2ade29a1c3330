import { type Capabilities, isLimbeckError } from '@limbeck/core';
import { bfloat16Fault } from './session/bfloat16.js';
import { runCommand } from './session/command.js';
import { probe } from './session/probe.js';
import { type FoundPackage, findPackage, remedy } from './session/runtime.js';

/** What tfjs-node can do on this machine. */
export async function findCapabilities(): Promise<Capabilities> {
  let found: FoundPackage;
  try {
    found = findPackage();
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    return { available: false, reason: error.message, remedy };
  }
  const { name, file } = found;
  const result = await probe(runCommand, file);
  if ('fault' in result) {
    return { available: false, reason: `${name} cannot be loaded: ${result.fault}`, remedy };
  }
  const { version, tensorflow, gpu } = result;
  const half = (await bfloat16Fault({ gpu })) === undefined;
  return {
    available: true,
    runtime: `${name.replace('@tensorflow/', '')} ${version}, TensorFlow ${tensorflow}`,
    devices: [gpu ? 'cuda' : 'cpu'],
    precisions: half ? ['float32', 'bfloat16'] : ['float32'],
    loads: [],
  };
}
