import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { marks, PrimitiveLog } from './primitive-log.js';

/**
 * What a profiled process wrote: notes, the end of a step that warms up, one step that counts (resnet8 with a projector ensemble,
 * batch 64, 28x28, two threads), and the beginning of another.
 */
const captured = readFileSync(new URL('../../../fixtures/onednn-3.2.1.txt', import.meta.url), 'utf8');

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function read(pieces: readonly string[]): PrimitiveLog {
  const log = new PrimitiveLog();
  for (const piece of pieces) log.write(piece);
  return log;
}

test('a captured step adds up to its wall time, whatever ran at the same time', () => {
  const log = read([captured]);
  const entries = log.entries();
  expect(log.steps).toBe(1);
  expect(sum(entries.map(({ milliseconds }) => milliseconds))).toBeCloseTo(63.15098, 4);
  expect(entries.at(-1)).toMatchObject({ operation: 'other operations, not oneDNN', count: 0 });
  const counts: Record<string, number> = {};
  for (const { operation, count } of entries) counts[operation] = (counts[operation] ?? 0) + count;
  expect(counts).toMatchObject({
    'convolution forward': 9,
    'convolution backward data': 8,
    'convolution backward weights': 9,
    'batch normalization forward': 9,
    'batch normalization backward': 9,
    reorder: 26,
  });
  // alone, each took longer than its share of the time
  const durations = captured
    .split(marks.begin)[1]!
    .split(marks.end)[0]!
    .split('\n')
    .flatMap((line) => (line.startsWith('onednn') ? [Number(line.split(',').at(-1))] : []));
  const inPrimitives = sum(entries.slice(0, -1).map(({ milliseconds }) => milliseconds));
  expect(inPrimitives).toBeLessThan(sum(durations));
});

test('it does not matter where the pieces are cut', () => {
  const whole = read([captured]).entries();
  for (const size of [1, 7, 4096]) {
    const pieces = captured.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
    expect(read(pieces).entries(), `pieces of ${size}`).toEqual(whole);
  }
});

const line = (begin: number, milliseconds: number) =>
  `onednn_verbose,${begin.toFixed(6)},exec,cpu,matmul,jit,undef,src,,,4x4:4x4,${milliseconds}\n`;

test('steps are averaged; what is outside of them, and what others write, is left out', () => {
  const log = read([
    line(1, 100),
    `\n${marks.begin}\n`,
    line(200, 3),
    'something else,exec,\n',
    `${'x'.repeat(100_000)}\n`,
    `\n${marks.end}10\n`,
    line(300, 100),
    `\n${marks.begin}\n${line(400, 1)}${line(410, 2)}\n${marks.end}20\n`,
  ]);
  expect(log.entries()).toEqual([
    { operation: 'matmul', shape: '4x4:4x4', implementation: 'jit', scope: '', milliseconds: 3, count: 1.5 },
    { operation: 'other operations, not oneDNN', scope: '', milliseconds: 12, count: 0 },
  ]);
});

test('without primitives, or without a whole step, nothing is known', () => {
  expect(read([`${marks.begin}\n\n${marks.end}10\n`]).entries()).toEqual([]);
  expect(read([`${marks.begin}\n${line(1, 1)}`]).entries()).toEqual([]);
});

test('a step of more primitives than are kept at a time, and a line without an end', () => {
  const log = read([`${marks.begin}\n`]);
  const lines = Array.from({ length: 1000 }, (_, i) => line(i, 1)).join('');
  for (let i = 0; i < 70; i++) log.write(lines);
  for (let i = 0; i < 10; i++) log.write('x'.repeat(10_000));
  log.write(`\n${marks.end}1000\n`);
  expect(log.entries()[0]).toMatchObject({ count: 70_000 });
});
