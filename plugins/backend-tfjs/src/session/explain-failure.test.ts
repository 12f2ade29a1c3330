import { expect, test } from 'vitest';
import { explainFailure } from './explain-failure.js';

test.each([
  ['OOM when allocating tensor with shape[64,64,32,32] and type float', 'memory ran out', 'data.batchSize'],
  ['std::bad_alloc', 'memory ran out', '--resume'],
  ['failed to synchronize: CUDA_ERROR_ILLEGAL_ADDRESS', 'the GPU failed', 'nvidia-smi'],
])('%s', (said, why, hint) => {
  expect(explainFailure('a step', 'student', new Error(`${said}\nand so on`))).toMatchObject({
    code: 'BACKEND_FAILED',
    message: `a step of 'student' failed: ${why}: ${said}`,
    hint: expect.stringContaining(hint),
  });
});

test('anything else is said as it is', () => {
  expect(explainFailure('a step', 'student', new Error('indices[1] = 7 is not in [0, 3)'))).toMatchObject({
    message: "a step of 'student' failed: indices[1] = 7 is not in [0, 3)",
    hint: 'the state is that of before',
  });
});
