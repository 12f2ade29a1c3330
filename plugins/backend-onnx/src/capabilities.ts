import { isLimbeckError } from '@limbeck/core';
import {
  type Capabilities,
  type Device,
  frozenTrial,
  type Precision,
  trainingTrial,
  tryOut,
} from '@limbeck/core/backend';
import { compile } from './compile.js';
import { messageOf, runtimeName } from './runtime.js';
import { faultsOf } from './try-devices.js';

const accelerators: readonly Device[] = ['webgpu', 'cuda'];

/** What makes an accelerator work. */
const remedies: Readonly<Partial<Record<Device, string>>> = {
  webgpu: 'install a graphics driver with Vulkan (Linux), or name one in VK_ICD_FILENAMES',
  cuda: 'install CUDA 12 and cuDNN 9, then: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12',
};

type CpuFaults = Partial<Record<'float32' | 'int8', string>>;

/** What was found out in this process, where there is no fault. */
let cpuWorks: Promise<CpuFaults> | undefined;

async function faultsOfCpu(): Promise<CpuFaults> {
  cpuWorks ??= tryCpu();
  const faults = await cpuWorks;
  if (Object.keys(faults).length > 0) cpuWorks = undefined;
  return faults;
}

/** Why the CPU does not compute in a precision; nothing where it does. */
async function tryCpu(): Promise<CpuFaults> {
  const { batches, ...frozen } = frozenTrial();
  const float32 = await tryOut(trainingTrial(), compile, { threads: 1 });
  const options = { threads: 1, precision: 'int8', calibration: { batches } } as const;
  const int8 = await tryOut(frozen, compile, options);
  return { ...(float32 && { float32 }), ...(int8 && { int8 }) };
}

/**
 * What onnxruntime can do on this machine. The CPU comes first although an accelerator may be quicker: the runtime's
 * binding for Node carries the state to an accelerator and back at every step.
 */
export async function findCapabilities(): Promise<Capabilities> {
  let runtime: string;
  try {
    runtime = await runtimeName();
  } catch (error) {
    const remedy = isLimbeckError(error) ? error.hint : undefined;
    return { available: false, reason: messageOf(error), ...(remedy === undefined ? {} : { remedy }) };
  }
  const [cpu, others] = await Promise.all([faultsOfCpu(), faultsOf(accelerators)]);
  const unavailable: Partial<Record<Device, string>> = {
    ...(cpu.float32 === undefined ? {} : { cpu: cpu.float32 }),
    ...others,
  };
  const devices = (['cpu', ...accelerators] as const).filter((device) => !(device in unavailable));
  if (devices.length === 0) return { available: false, reason: cpu.float32! };
  const precisions: Precision[] = cpu.int8 === undefined ? ['float32', 'int8'] : ['float32'];
  return {
    available: true,
    runtime,
    devices,
    precisions,
    precisionsOn: { webgpu: ['float32'], cuda: ['float32'] },
    loads: ['onnx'],
    unavailable,
    remedies: Object.fromEntries(Object.entries(remedies).filter(([device]) => device in unavailable)),
  };
}
