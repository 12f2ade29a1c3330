import { expect, test } from 'vitest';
import { printProfile } from './profile.js';

const lines = (text: string) => text.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));

test('by operation and by scope, where the runtime knows places', () => {
  const text = printProfile('student', [
    { operation: 'Conv', scope: 'conv1', milliseconds: 3, count: 1 },
    { operation: 'Conv', scope: 'conv2', milliseconds: 5, count: 1 },
    { operation: 'Relu', scope: '', milliseconds: 2, count: 4 },
  ]);
  expect(lines(text)).toEqual([
    'student: 10.0 ms a step in operations',
    '',
    'ms | share | count | operation',
    '8.00 | 80.0 % | 2 | Conv',
    '2.00 | 20.0 % | 4 | Relu',
    '',
    'ms | share | count | scope',
    '5.00 | 50.0 % | 1 | conv2',
    '3.00 | 30.0 % | 1 | conv1',
    '2.00 | 20.0 % | 4 | -',
    '',
  ]);
});

test('by shape where it does not; what is left of a step is no operation', () => {
  const conv = { operation: 'convolution forward', scope: '' };
  const text = printProfile('student', [
    { ...conv, shape: '8x8', implementation: 'jit', milliseconds: 4, count: 2 },
    { ...conv, shape: '4x4', implementation: 'jit', milliseconds: 1, count: 1 / 3 },
    { operation: 'other operations', scope: '', milliseconds: 5, count: 0 },
  ]);
  expect(lines(text)).toEqual([
    'student: 10.0 ms a step while profiled, 5.0 of them in operations',
    '',
    'ms | share | count | operation',
    '5.00 | 50.0 % | 2.3 | convolution forward',
    '5.00 | 50.0 % | other operations',
    '',
    'ms | share | count | operation and shape',
    '4.00 | 40.0 % | 2 | convolution forward | 8x8 | jit',
    '1.00 | 10.0 % | 0.3 | convolution forward | 4x4 | jit',
    '',
  ]);
});
