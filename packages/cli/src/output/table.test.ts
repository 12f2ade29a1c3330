import { expect, test } from 'vitest';
import { table } from './table.js';

test('columns are as wide as their widest cell, whatever the script and the colour', () => {
  const text = table(
    [{ head: 'name' }, { head: 'size', align: 'right' }],
    [
      ['a', '1'],
      ['\u001b[31mred\u001b[39m', '1,000'],
      ['\u6a21\u578b\u5c42', '20'],
    ],
  );
  expect(text).toBe(
    'name     size\na           1\n\u001b[31mred\u001b[39m     1,000\n\u6a21\u578b\u5c42     20\n',
  );
});

test('a cell of several lines keeps its column', () => {
  expect(table([{ head: 'a' }, { head: 'b' }], [['1', 'x\ny']])).toBe('a  b\n1  x\n   y\n');
});

test('thirty thousand rows take no time', () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => [`layer.${i}`, 'Conv', 'float32', '[1, 2, 3]']);
  const started = performance.now();
  const heads = ['tensor', 'made by', 'type', 'shape'].map((head) => ({ head }));
  expect(table(heads, rows).split('\n')).toHaveLength(30_002);
  expect(performance.now() - started).toBeLessThan(2000);
});
