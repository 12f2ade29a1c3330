import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { guardedOutput } from './guarded-output.js';

const failure = (code: string) => Object.assign(new Error(code), { code });

test.each(['EIO', 'ENOSPC', 'EPIPE', 'EAGAIN'])('%s ends the output and nothing else', async (code) => {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done(written.length === 2 ? failure(code) : null);
    },
  });
  const output = guardedOutput(stream as NodeJS.WriteStream);
  for (const text of ['a', 'b']) output.write(text);
  await new Promise(setImmediate);
  output.write('c');
  expect(written).toEqual(['a', 'b']);
});

test('an error that is thrown does so too', () => {
  let calls = 0;
  const stream = {
    on: () => undefined,
    isTTY: true,
    write() {
      calls++;
      throw failure('ENOSPC');
    },
  } as unknown as NodeJS.WriteStream;
  const output = guardedOutput(stream);
  expect(output.isTTY).toBe(true);
  output.write('a');
  output.write('b');
  expect([calls, output.isTTY]).toEqual([1, false]);
});
