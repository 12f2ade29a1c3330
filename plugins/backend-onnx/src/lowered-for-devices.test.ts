import { describeBackend } from '@limbeck/testkit/vitest';
import { onnxBackend } from './backend.js';
import { compile } from './compile.js';

// the models that other devices get, computed by the CPU: what they mean is tried where those devices are not
for (const device of ['webgpu', 'cuda'] as const) {
  const backend = {
    ...onnxBackend,
    id: `onnx, as for ${device}`,
    compile: ((program, options) => compile(program, options, device)) as typeof onnxBackend.compile,
  };
  describeBackend(backend, { required: true, compile: { threads: 1 }, only: /^(forward|gradient)\// });
}
