import type { Capabilities } from '@limbeck/core';
import { bfloat16Fault } from './session/bfloat16.js';
import { findSession } from './session/find-session.js';
import { nameOf } from './session/probe.js';
import { installCommand } from './session/runtime.js';

/** What tfjs-node can do on this machine. */
export async function findCapabilities(): Promise<Capabilities> {
  const session = await findSession();
  if (!session.available) return session;
  const { version, tensorflow, gpu, gpuPackage } = session;
  const half = (await bfloat16Fault({ gpu })) === undefined;
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
