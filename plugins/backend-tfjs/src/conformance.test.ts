import { backendConformance } from '@limbeck/testkit';
import { describe, test } from 'vitest';
import { tfjsBackend } from './backend.js';

// skipped, with the reason, where the native library is not set up; fails there when it is required
const required = (process.env.LIMBECK_REQUIRE ?? '').split(',').includes('tfjs-session');

describe('conformance of the session', () => {
  for (const { name, run } of backendConformance(tfjsBackend, { required, compile: { threads: 1 } })) {
    test(name, async (context) => {
      const result = await run();
      if (result.status === 'skipped') context.skip(result.reason);
      if (result.status === 'failed') throw new Error(result.message, { cause: result.cause });
    });
  }
});
