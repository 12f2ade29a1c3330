import { join } from 'node:path';
import { definePlugin } from '@limbeck/core';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DistillOptions, distill } from './distill.js';
import type { RunEvent } from './run/events.js';
import { temporaryFolder } from './testing/run-files.js';
import { toyDataset } from './testing/toy-data.js';
import { toyDistiller, toyStudent, toyTeacher, toyTeacherWeights } from './testing/toy-models.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const toys = definePlugin({
  name: 'toys',
  api: 1,
  setup(host) {
    host.backbones.add(toyStudent, toyTeacher);
    host.distillers.add(toyDistiller);
  },
});

const options = (changes: Partial<DistillOptions> = {}): DistillOptions => ({
  plugins: [toys],
  dataset: toyDataset(),
  backend: referenceBackend,
  teacher: { model: 'toy-teacher', weights: toyTeacherWeights() },
  student: 'toy-student',
  batchSize: 8,
  epochs: 1,
  folder: join(root.path, 'run'),
  ...changes,
});

it('distils with defaults', async () => {
  const events: RunEvent[] = [];
  const result = await distill(options({ onEvent: (event) => events.push(event) }));
  expect(Object.keys(result.last)).toEqual(['top1', 'nll']);
  expect(events[0]).toMatchObject({ type: 'start', batchSize: 8, seed: 0, weights: { ce: 1 } });
  expect(events.find(({ type }) => type === 'step')).toMatchObject({ lr: 0.05 });
});

it('finds parts with their options', async () => {
  const events: RunEvent[] = [];
  await distill(
    options({
      augment: [{ use: 'pad-crop', pad: 1 }, 'flip'],
      optimizer: { use: 'adamw', weightDecay: 0.1 },
      schedule: { use: 'linear-warmup', epochs: 0.5 },
      backend: { backend: referenceBackend, device: 'cpu' },
      metrics: ['nll'],
      lr: 0.01,
      onEvent: (event) => events.push(event),
    }),
  );
  const rates = events.flatMap((event) => (event.type === 'step' ? [event.lr] : []));
  expect(rates[0]).toBeLessThan(rates[1]!);
  expect(events.find(({ type }) => type === 'epoch')).toMatchObject({ test: { nll: expect.any(Number) } });
});

it.each<[string, Partial<DistillOptions>, string]>([
  ['an unknown student', { student: 'toy-studnet' }, 'UNKNOWN_ID'],
  ['an unknown option', { optimizer: { use: 'sgd', momentun: 0.9 } }, 'UNKNOWN_OPTION'],
  ['a wrong option', { augment: [{ use: 'flip', p: 2 }] }, 'CONFIG_INVALID'],
  ['an augmentation too large for the images', { augment: ['pad-crop'] }, 'PRECONDITION'],
])('refuses %s', async (_, changes, code) => {
  await expect(distill(options(changes))).rejects.toMatchObject({ code });
});
