import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { type Capabilities, type Device, isLimbeckError } from '@limbeck/core';
import { probeModel } from './probe-model.js';
import { loadRuntime, messageOf, type Runtime } from './runtime.js';

/** The smallest model there is: y = x + x. */
const doubling = (): Uint8Array => {
  const value = (name: string) => ({ name, dtype: 'float32' as const, shape: [1] });
  return probeModel({ opType: 'Add' }, ['x', 'x'], { inputs: [value('x')], outputs: [value('y')] });
};

/** Runs a model on each device named and prints what went wrong, as JSON. Arguments: runtime, model in base64, devices. */
const script = `
const [path, model, ...devices] = process.argv.slice(1);
const runtime = require(path);
runtime.env.logLevel = 'fatal';
(async () => {
  const faults = {};
  for (const device of devices) {
    try {
      const session = await runtime.InferenceSession.create(Buffer.from(model, 'base64'), { executionProviders: [device] });
      await session.run({ x: new runtime.Tensor('float32', new Float32Array([1]), [1]) });
    } catch (error) {
      faults[device] = error.message;
    }
  }
  console.log('\\n' + JSON.stringify(faults));
})();
`;

/**
 * Why accelerators do not work here; those that do are left out. Only running something on one tells, and that happens
 * in a process of its own: drivers print to the terminal, and some take the process with them.
 */
export async function faultsOf(devices: readonly Device[]): Promise<Partial<Record<Device, string>>> {
  if (devices.length === 0) return {};
  const path = createRequire(import.meta.url).resolve('onnxruntime-node');
  const model = Buffer.from(doubling()).toString('base64');
  return new Promise((resolve) => {
    const args = ['-e', script, path, model, ...devices];
    execFile(process.execPath, args, { timeout: 30_000 }, (error, stdout) => {
      if (error !== null) {
        resolve(
          Object.fromEntries(devices.map((device) => [device, `trying it ended with: ${messageOf(error)}`])),
        );
        return;
      }
      resolve(JSON.parse(stdout.trim().split('\n').at(-1)!) as Partial<Record<Device, string>>);
    });
  });
}

const accelerators: readonly Device[] = ['webgpu', 'cuda'];

/** What makes an accelerator work. */
const remedies: Readonly<Partial<Record<Device, string>>> = {
  webgpu: 'install a graphics driver with Vulkan (Linux), or name one in VK_ICD_FILENAMES',
  cuda: 'install CUDA 12 and cuDNN 9, then: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12',
};

/**
 * What onnxruntime can do on this machine. The CPU comes first although an accelerator may be quicker: the runtime's
 * binding for Node carries the state to an accelerator and back at every step.
 */
export async function findCapabilities(): Promise<Capabilities> {
  let runtime: Runtime;
  try {
    runtime = await loadRuntime();
  } catch (error) {
    const remedy = isLimbeckError(error) ? error.hint : undefined;
    return { available: false, reason: messageOf(error), remedy };
  }
  const faults = await faultsOf(accelerators);
  const unavailable = Object.fromEntries(
    Object.entries(faults).map(([device, reason]) => [device, messageOf(reason)]),
  );
  return {
    available: true,
    runtime: `onnxruntime-node ${runtime.env.versions.node}`,
    devices: ['cpu', ...accelerators.filter((device) => !(device in unavailable))],
    precisions: ['float32', 'int8'],
    loads: ['onnx'],
    unavailable,
    remedies: Object.fromEntries(Object.entries(remedies).filter(([device]) => device in unavailable)),
  };
}
