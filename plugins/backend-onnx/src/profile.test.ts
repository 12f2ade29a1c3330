import { expect, test } from 'vitest';
import { summarize } from './profile.js';

const node = (name: string, operation: string, dur: number) => ({
  cat: 'Node',
  name: `${name}_kernel_time`,
  dur,
  args: { op_name: operation },
});
const step = { cat: 'Session', name: 'model_run', dur: 9000 };

/** As the runtime writes it, in the order in which things end. */
const events = [
  { cat: 'Session', name: 'session_initialization', dur: 400 },
  node('student.conv1/Conv_1', 'Conv', 8000),
  step,
  node('student.conv1/Conv_1', 'Conv', 2000),
  { cat: 'Session', name: 'SequentialExecutor::Execute', dur: 2100 },
  step,
  node('student.conv1/Conv_1', 'Conv', 3000),
  node('reorder', 'ReorderOutput', 1000),
  step,
];

test('steps that warm up do not count', () => {
  expect(summarize(events, 1)).toEqual([
    { operation: 'Conv', scope: 'student.conv1', milliseconds: 2.5, count: 1 },
    { operation: 'ReorderOutput', scope: '', milliseconds: 0.5, count: 0.5 },
  ]);
  expect(summarize(events, 0)[0]).toMatchObject({ milliseconds: 13 / 3, count: 1 });
  expect(summarize(events, 3)).toEqual([]);
});
