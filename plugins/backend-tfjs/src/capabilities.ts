import { LimbeckError } from '@limbeck/core';
import type { Capabilities } from '@limbeck/core/backend';
import { bfloat16Fault } from './session/bfloat16.js';
import { findSession } from './session/find-session.js';
import { nameOf } from './session/probe.js';
import { installCommand, remedy } from './session/runtime.js';
import { sessionFault } from './session/try-session.js';

/**
 * As users know it: `tfjs-node 4.22.0, TensorFlow 2.15.1`.
 *
 * @throws LimbeckError BACKEND_UNAVAILABLE
 */
export async function runtimeName(): Promise<string> {
  const session = await findSession();
  if (session.available) return nameOf(session.package.name, session.version, session.tensorflow);
  throw new LimbeckError('BACKEND_UNAVAILABLE', session.reason, { hint: session.remedy });
}

/** What tfjs-node can do on this machine. */
export async function findCapabilities(): Promise<Capabilities> {
  const session = await findSession();
  if (!session.available) return session;
  const { version, tensorflow, gpu, gpuPackage } = session;
  const fault = await sessionFault(session, 'float32');
  if (fault !== undefined) return { available: false, reason: fault, remedy };
  const half =
    (await bfloat16Fault({ gpu })) === undefined && (await sessionFault(session, 'bfloat16')) === undefined;
  return {
    available: true,
    runtime: nameOf(session.package.name, version, tensorflow),
    devices: [gpu ? 'cuda' : 'cpu'],
    precisions: half ? ['float32', 'bfloat16'] : ['float32'],
    loads: [],
    ...(gpu
      ? {
          unavailable: { cpu: 'the CUDA build runs on the GPU it has found' },
          remedies: { cpu: 'CUDA_VISIBLE_DEVICES= limbeck ...' },
        }
      : gpuPackage
        ? {
            unavailable: { cuda: 'TensorFlow finds no GPU it can use' },
            remedies: { cuda: 'install its driver, CUDA and cuDNN' },
          }
        : {
            unavailable: { cuda: 'this is the build for the CPU' },
            remedies: { cuda: `${installCommand} --cuda` },
          }),
  };
}
