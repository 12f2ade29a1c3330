import { expectTypeOf, test } from 'vitest';
import { defineConfig, type RunConfig } from './run-config.js';

const train = { epochs: 1 };

test('parts are written as ids or as objects', () => {
  expectTypeOf({
    data: 'd',
    student: 's',
    teacher: 't',
    distiller: ['a', { use: 'b' }],
    train,
  }).toExtend<RunConfig>();
  expectTypeOf({
    data: { use: 'd', batchSize: 8, own: 1 },
    student: { use: 's' },
    train,
  }).toExtend<RunConfig>();
  expectTypeOf({ data: { batchSize: 8 }, student: 's', train }).not.toExtend<RunConfig>();
  expectTypeOf({ data: 'd', train }).not.toExtend<RunConfig>();
});

test('a preset may say what is left out', () => {
  expectTypeOf({ extends: './preset.yaml' }).toExtend<RunConfig>();
  expectTypeOf({ extends: ['a', 'b'], train: { seed: 3 }, data: { batchSize: 8 } }).toExtend<RunConfig>();
});

test('keys that do not exist are errors at the key', () => {
  // @ts-expect-error: it is `epochs`
  defineConfig({ data: 'd', student: 's', train: { epochs: 1, epoch: 2 } });
  // @ts-expect-error: it is `student`
  defineConfig({ extends: './preset.yaml', studnet: 's' });
});
