export { createKernelsBackend } from './kernels/backend.js';
export { type KernelsDevice, kernelsDevices } from './kernels/device.js';
export type { Tfjs } from './kernels/tfjs.js';
