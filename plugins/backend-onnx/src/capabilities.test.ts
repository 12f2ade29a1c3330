import { expect, test } from 'vitest';
import { onnxBackend } from './backend.js';

test('the CPU works, and other devices work or say why not', { timeout: 240_000 }, async () => {
  const found = await onnxBackend.capabilities();
  if (!found.available) throw new Error(found.reason);
  expect(found.runtime).toMatch(/^onnxruntime-node \d+\.\d+/);
  expect(found.devices[0]).toBe('cpu');
  expect(found.precisions).toEqual(['float32', 'int8']);
  expect(found.precisionsOn).toEqual({ webgpu: ['float32'], cuda: ['float32'] });
  expect(found.loads).toEqual(['onnx']);
  for (const device of ['webgpu', 'cuda'] as const) {
    const reason = found.unavailable?.[device];
    if (found.devices.includes(device)) expect(reason).toBeUndefined();
    else expect(reason).toMatch(/\w/);
  }
});
