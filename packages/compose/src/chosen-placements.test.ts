import { configToJson, resolveConfig } from '@limbeck/core/host';
import { referenceBackend } from '@limbeck/testkit';
import type { RunSpec } from '@limbeck/trainer';
import { expect, test } from 'vitest';
import { describeChosen, withChosen, withRecorded } from './chosen-placements.js';

const on = (id: string) => ({ backend: { ...referenceBackend, id }, device: 'cpu' as const });

const config = (more: object = {}) =>
  resolveConfig([
    {
      source: 'test',
      value: {
        data: { use: 'd' },
        student: 's',
        teacher: { use: 't', weights: 'w', precision: 'int8' },
        train: { epochs: 1 },
        ...more,
      },
    },
  ]).config;

const chosen = {
  placement: on('tfjs'),
  teachers: [{ name: 'teacher', placement: { ...on('onnx'), precision: 'int8' } }],
} as unknown as RunSpec;

test('what auto chose takes its place in the record, and is said', () => {
  const asked = config();
  expect(withChosen(asked, chosen)).toMatchObject({
    backend: { use: 'tfjs', device: 'cpu' },
    teacher: { backend: 'onnx', device: 'cpu', precision: 'int8' },
  });
  expect(describeChosen(asked, chosen)).toBe(
    'backend auto: student on tfjs (cpu), teacher on onnx (cpu) in int8',
  );
});

test('what was named stays as it is', () => {
  const asked = config({ backend: 'tfjs' });
  expect(configToJson(withChosen(asked, chosen))).toEqual(configToJson(asked));
  expect(describeChosen(asked, chosen)).toBeUndefined();
});

test('a configuration read again gets the recorded choice', () => {
  const asked = config();
  const recorded = withChosen(asked, chosen);
  expect(configToJson(withRecorded(asked, recorded))).toEqual(configToJson(recorded));
  const alone = resolveConfig([
    { source: 'test', value: { data: { use: 'd' }, student: 's', train: { epochs: 1 } } },
  ]).config;
  expect(
    withRecorded(alone, withChosen(alone, { placement: on('tfjs') } as unknown as RunSpec)),
  ).toMatchObject({
    backend: { use: 'tfjs' },
  });
});
