import { pathToFileURL } from 'node:url';
import { LimbeckError } from '@limbeck/core';
import type { Tfjs } from '../tfjs.js';
import type { FoundPackages } from './packages.js';

/** What is used of the package `webgpu`: Dawn, Chromium's own implementation. */
interface Dawn {
  readonly globals: object;
  create(options: readonly string[]): Gpu;
}

interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

interface Adapter {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly info: object;
  requestDevice(descriptor: object): Promise<object>;
}

interface WebgpuPackage {
  readonly WebGPUBackend: new (device: object, info: object) => never;
}

/** Limits that tfjs' kernels run into first; the defaults are those of the weakest processors. */
const limits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

const noAdapter = 'install a Vulkan driver, or name one by VK_ICD_FILENAMES';

/**
 * Registers tfjs' webgpu device on a graphics processor that Dawn finds.
 *
 * @throws LimbeckError BACKEND_UNAVAILABLE where there is none
 */
export async function registerWebgpu(
  tf: Tfjs,
  { require, device: [own, dawn] }: FoundPackages,
): Promise<void> {
  const { WebGPUBackend } = require(own) as WebgpuPackage;
  const { create, globals } = (await import(pathToFileURL(require.resolve(dawn!)).href)) as Dawn;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new LimbeckError('BACKEND_UNAVAILABLE', 'Dawn finds no WebGPU adapter', { hint: noAdapter });
  }
  const requiredLimits = Object.fromEntries(limits.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  // tfjs reads the constants of WebGPU, such as GPUBufferUsage, from where browsers have them
  Object.assign(globalThis, globals);
  tf.registerBackend('webgpu', () => withNavigator(gpu, () => new WebGPUBackend(device, adapter.info)));
}

/** tfjs makes its device only where `navigator.gpu` is. */
function withNavigator<T>(gpu: Gpu, work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}
