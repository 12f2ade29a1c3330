import type { ComputeBackend } from '@limbeck/core';
import { describe, it } from 'vitest';
import { backendConformance, type ConformanceOptions } from './conformance/conformance.js';

/**
 * Runs {@link backendConformance} as vitest tests, one a case. Skips appear in vitest's output with their reasons.
 *
 * @example
 * describeBackend(onnxBackend, { skip: { 'gradient/erf': 'the runtime has no Erf on this device' } });
 */
export function describeBackend(backend: ComputeBackend, options: ConformanceOptions = {}): void {
  describe(`backend ${backend.id}`, () => {
    for (const { name, run } of backendConformance(backend, options)) {
      it(name, async (context) => {
        const result = await run();
        if (result.status === 'skipped') context.skip(result.reason);
        if (result.status === 'failed') throw new Error(result.message, { cause: result.cause });
      });
    }
  });
}
