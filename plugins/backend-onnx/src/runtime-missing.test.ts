import { Graph, program, relu } from '@limbeck/graph';
import { expect, test, vi } from 'vitest';

vi.mock('onnxruntime-node', () => {
  throw new Error('no binary for this platform');
});

test('the plugin can be imported where the runtime cannot', async () => {
  const { default: plugin } = await import('./index.js');
  expect(plugin.name).toBe('@limbeck/backend-onnx');
});

test('capabilities say why and what to do', async () => {
  const { onnxBackend } = await import('./index.js');
  expect(await onnxBackend.capabilities()).toMatchObject({
    available: false,
    reason: expect.stringContaining('onnxruntime-node cannot be loaded'),
    remedy: expect.stringContaining('npm install'),
  });
});

test('compiling is refused as unavailable', async () => {
  const { onnxBackend } = await import('./index.js');
  const y = relu(new Graph().input('x', [1]));
  const compiled = onnxBackend.compile(program({ name: 'p', outputs: { y } }));
  await expect(compiled).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});
