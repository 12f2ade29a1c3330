import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { LimbeckError } from './errors.js';
import { expectedFailure } from './expected-failure.js';

const thrown = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

test('an error of ours is told with its hint, and gives its own status', () => {
  const error = new LimbeckError('NOT_FOUND', 'there is no file', { hint: 'look elsewhere' });
  expect(expectedFailure(error)).toEqual({
    text: 'error[NOT_FOUND]: there is no file\n  look elsewhere',
    exitCode: 1,
  });
  expect(expectedFailure(new LimbeckError('USAGE', 'no'))).toMatchObject({ exitCode: 2 });
});

test('a wrong option is told, a fault of the program is not', () => {
  const error = thrown(() => parseArgs({ args: ['--no-such'], options: {} }));
  expect(expectedFailure(error)).toMatchObject({
    text: expect.stringMatching(/^error\[ERR_PARSE_ARGS_UNKNOWN_OPTION\]: /),
    exitCode: 2,
  });
  expect(expectedFailure(new TypeError('x is undefined'))).toBeUndefined();
  expect(expectedFailure('text')).toBeUndefined();
});
