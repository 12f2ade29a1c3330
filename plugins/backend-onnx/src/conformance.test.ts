import { describeBackend } from '@limbeck/testkit/vitest';
import { onnxBackend } from './backend.js';

// the runtime comes with the package: it is never missing
describeBackend(onnxBackend, { target: 'onnx-cpu', required: true, compile: { threads: 1 } });

describeBackend(onnxBackend, {
  target: 'onnx-webgpu',
  compile: { threads: 1, device: 'webgpu' },
  randomPrograms: 30,
  loses: 'not-finite',
});
