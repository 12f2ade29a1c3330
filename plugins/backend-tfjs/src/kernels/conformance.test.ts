import { describeBackend } from '@limbeck/testkit/vitest';
import { tfjsKernelsBackend } from './node/backend.js';

describeBackend(tfjsKernelsBackend, { target: 'tfjs-cpu', compile: { device: 'cpu' } });
// kernels of XNNPACK, such as that of a ReLU, give 0 for NaN
describeBackend(tfjsKernelsBackend, { target: 'tfjs-wasm', compile: { device: 'wasm' }, losesNaN: true });
describeBackend(tfjsKernelsBackend, {
  target: 'tfjs-webgpu',
  compile: { device: 'webgpu' },
  skip: { random: 'tried on processors so far' },
});
