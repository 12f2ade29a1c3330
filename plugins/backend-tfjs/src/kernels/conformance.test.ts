import { describeBackend } from '@limbeck/testkit/vitest';
import { tfjsKernelsBackend } from './node/backend.js';

describeBackend(tfjsKernelsBackend, { target: 'tfjs-cpu', compile: { device: 'cpu' } });
// kernels of XNNPACK, such as that of a ReLU, give 0 for NaN
describeBackend(tfjsKernelsBackend, { target: 'tfjs-wasm', compile: { device: 'wasm' }, loses: 'nan' });
describeBackend(tfjsKernelsBackend, {
  target: 'tfjs-webgpu',
  compile: { device: 'webgpu' },
  randomPrograms: 30,
  loses: 'not-finite',
});
