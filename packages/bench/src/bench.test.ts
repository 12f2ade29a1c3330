import { expect, test } from 'vitest';
import { printCost, printProfile, printReport, type Report, type Row } from './index.js';
import { randomCache } from './random-cache.js';

const row = (implementation: Row['implementation'], variant: string, stepMs: number): Row => ({
  implementation,
  variant,
  teacherMs: stepMs / 2,
  studentMs: stepMs / 2,
  stepMs,
  imagesPerSecond: 64_000 / stepMs,
  peakRssMb: 900,
});

test("speeds are multiples of PyTorch's eager float32", () => {
  const report: Report = {
    workload: 'w',
    rows: [row('limbeck', 'onnx float32', 800), row('pytorch', 'eager float32', 1000)],
  };
  const lines = printReport(report).split('\n');
  expect(lines.find((line) => line.includes('onnx float32'))).toMatch(/800 .* 80 .* 900 .* 1\.25 .* 1\.25 /);
  expect(lines.find((line) => line.includes('│ eager float32'))).toMatch(
    /1000 .* 64 .* 900 .* 1\.00 .* 1\.00 /,
  );
});

test('a profile is summed by operation and by place, the longest first', () => {
  const entries = [
    { operation: 'Conv', scope: 'student.conv1', milliseconds: 3, count: 1 },
    { operation: 'Conv', scope: 'student.conv2', milliseconds: 5, count: 1 },
    { operation: 'Relu', scope: 'student', milliseconds: 2, count: 1 },
  ];
  const text = printProfile({ student: entries }, 0.5);
  expect(text).toContain('student: 10.0 ms a step');
  expect(text.indexOf('8.00 ms  80.0 %  Conv')).toBeLessThan(text.indexOf('2.00 ms  20.0 %  Relu'));
  expect(text).toContain('Conv @ student.conv2');
});

test('features come from a cache on disk, another batch of them each time', () => {
  const read = randomCache([{ path: 'embedding', shape: [6] }], 4);
  const [first, second] = [read().embedding!, read().embedding!];
  expect(first.shape).toEqual([4, 6]);
  expect([...first.data]).not.toEqual([...second.data]);
});

test('what a method costs is set against the workload that took turns with it', () => {
  const rows = [row('limbeck', 'onnx float32', 1030), row('limbeck', 'onnx float32, none', 1000)];
  expect(printCost({ workload: 'pefd', rows }, 'none')).toBe(
    'onnx float32: a step of pefd costs 3.0 % more than one of none\n',
  );
});
