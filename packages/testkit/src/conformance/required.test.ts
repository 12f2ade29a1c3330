import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRequired, requiredTargets } from './required.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('LIMBECK_REQUIRE', () => {
  it('lists what must not be missing', () => {
    vi.stubEnv('LIMBECK_REQUIRE', 'onnx-cpu, tfjs-session,');
    expect([...requiredTargets()]).toEqual(['onnx-cpu', 'tfjs-session']);
    expect(isRequired('tfjs-session')).toBe(true);
    expect(isRequired('tfjs-webgpu')).toBe(false);
  });

  it('requires nothing where it is not set', () => {
    vi.stubEnv('LIMBECK_REQUIRE', undefined);
    expect(requiredTargets().size).toBe(0);
  });

  it('refuses names that are none', () => {
    vi.stubEnv('LIMBECK_REQUIRE', 'onnx-cpu,tfjs-sesion');
    expect(() => isRequired('onnx-cpu')).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_ID',
        message: expect.stringContaining("no backend 'tfjs-sesion'; known: reference, onnx-cpu"),
        hint: expect.stringContaining('tfjs-session'),
      }),
    );
  });
});
