import { expect, test } from 'vitest';
import { CallQueue } from './call-queue.js';

test('calls run one after another, also behind one that failed', async () => {
  const queue = new CallQueue('student');
  const order: string[] = [];
  const first = queue.run(async () => {
    await new Promise((done) => setTimeout(done, 5));
    order.push('first');
    throw new Error('broken');
  });
  const second = queue.run(() => order.push('second'));
  await expect(first).rejects.toThrow('broken');
  await second;
  expect(order).toEqual(['first', 'second']);
});

test('it is let go of once, behind all calls, and takes none afterwards', async () => {
  const queue = new CallQueue('student');
  const order: string[] = [];
  const call = queue.run(() => order.push('call'));
  await Promise.all([1, 2].map(() => queue.dispose(() => order.push('released'))));
  await call;
  expect(order).toEqual(['call', 'released']);
  await expect(queue.run(() => 1)).rejects.toMatchObject({
    code: 'BACKEND_FAILED',
    message: "'student' was disposed of and cannot be used any more",
  });
});
