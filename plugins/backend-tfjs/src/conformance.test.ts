import { backendConformance } from '@limbeck/testkit';
import { describe, type TestContext, test } from 'vitest';
import { tfjsBackend } from './backend.js';

// skipped, with the reason, where the native library is not set up; fails there when it is required
const required = (process.env.LIMBECK_REQUIRE ?? '').split(',').includes('tfjs-session');

const runCase =
  (run: ReturnType<typeof backendConformance>[number]['run']) => async (context: TestContext) => {
    const result = await run();
    if (result.status === 'skipped') context.skip(result.reason);
    if (result.status === 'failed') throw new Error(result.message, { cause: result.cause });
  };

describe('conformance of the session', () => {
  for (const { name, run } of backendConformance(tfjsBackend, { required, compile: { threads: 1 } }))
    test(name, runCase(run));
});

const capabilities = await tfjsBackend.capabilities();
const half = capabilities.available && capabilities.precisions.includes('bfloat16');

// eight bits of mantissa: each rounding is off by up to 1/256, and a few add up
describe.skipIf(!half)('conformance in bfloat16, where the processor has it', () => {
  const compile = { threads: 1, precision: 'bfloat16' } as const;
  for (const { name, run } of backendConformance(tfjsBackend, { compile, tolerance: 5e-2 }))
    if (/conv2d|batchNorm|channel|\/relu|state\//.test(name)) test(name, runCase(run));
});
