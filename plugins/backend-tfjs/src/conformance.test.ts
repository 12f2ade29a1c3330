import { describeBackend } from '@limbeck/testkit/vitest';
import { describe } from 'vitest';
import { tfjsBackend } from './backend.js';

describeBackend(tfjsBackend, { target: 'tfjs-session', compile: { threads: 1 } });

describe('in bfloat16, where the processor has it', () => {
  describeBackend(tfjsBackend, {
    compile: { threads: 1, precision: 'bfloat16' },
    // eight bits of mantissa: each rounding is off by up to 1/256, and a few add up
    tolerance: 5e-2,
    only: /conv2d|batchNorm|channel|\/relu|state\//,
  });
});
