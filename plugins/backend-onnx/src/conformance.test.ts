import { backendConformance } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { onnxBackend } from './backend.js';

describe('conformance on the CPU', () => {
  const cases = backendConformance(onnxBackend, { required: true, compile: { threads: 1 } });
  test.each(cases)('$name', async ({ run }) => {
    const result = await run();
    expect(result).toMatchObject({ status: 'passed' });
  });
});
