import { expect, test } from 'vitest';
import { KernelTimes } from './kernel-times.js';

const calls = [
  { kernel: 'Conv2D', scope: 'conv1' },
  { kernel: 'Relu', scope: 'conv1' },
  { kernel: 'Conv2D', scope: 'conv1' },
];

test('means over steps by kernel and place, the longest first, what is left last', () => {
  const times = new KernelTimes();
  expect(times.entries()).toEqual([]);
  times.add(calls, [100, 100, 100], 1000);
  times.add(calls, [1, 5, 2], 10);
  times.add(calls, [2, 9, 1], 20);
  expect(times.entries({ warmUp: 1 })).toEqual([
    { operation: 'Relu', scope: 'conv1', milliseconds: 7, count: 1 },
    { operation: 'Conv2D', scope: 'conv1', milliseconds: 3, count: 2 },
    { operation: 'outside of kernels', scope: '', milliseconds: 5, count: 0 },
  ]);
  expect(times.entries().at(0)).toMatchObject({ operation: 'Conv2D', milliseconds: (200 + 6) / 3 });
  expect(times.entries({ warmUp: 3 })).toEqual([]);
});
