import { describeBackend } from '@limbeck/testkit/vitest';
import { tfjsKernelsBackend } from './node/backend.js';

describeBackend(tfjsKernelsBackend, { target: 'tfjs-cpu', compile: { device: 'cpu' } });
describeBackend(tfjsKernelsBackend, { target: 'tfjs-wasm', compile: { device: 'wasm' } });
describeBackend(tfjsKernelsBackend, { target: 'tfjs-webgpu', compile: { device: 'webgpu' } });
