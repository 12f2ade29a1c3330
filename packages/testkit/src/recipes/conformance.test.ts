import { definePlugin, defineRecipe, type Recipe } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recipeConformance } from './conformance.js';

const sound = defineRecipe({
  id: 'student/toy/tiny',
  description: 'tiny, trained alone on toy pictures',
  method: 'student',
  data: 'toy',
  student: 'tiny',
  protocol: {
    epochs: { value: 2, from: 'published', source: 'somebody/thing:train.py:3' },
    lr: { value: 0.1, from: 'ours', reason: 'no source names one' },
    warmup: { value: null, from: 'open' },
  },
  reports: 'last',
  seeds: [1, 2, 3],
  published: { top1: 71.5, sd: 0.2, runs: 3, source: 'somebody/thing:README.md', confidence: 'R' },
  run: { data: { use: 'toy' }, student: { use: 'tiny' }, train: { epochs: 2 } },
});

let host: Host;

const anything = {
  '~standard': { version: 1, vendor: 'toy', validate: (value: unknown) => ({ value }) },
} as const;

const never = (): never => {
  throw new Error('nothing is traced');
};

beforeAll(async () => {
  const toy = definePlugin({
    name: 'toy',
    api: 1,
    setup(h) {
      const open = () => Promise.reject(new Error('nothing opens it'));
      h.datasets.add({ id: 'toy', description: 'toy pictures', files: [], open });
      h.optimizers.add({ id: 'sgd', description: 'sgd', options: anything, update: never });
      h.schedules.add({ id: 'constant', description: 'constant', create: never });
      h.tasks.add({ id: 'cross-entropy', description: 'cross-entropy', loss: never } as never);
      h.metrics.add({ id: 'top1', description: 'top1', better: 'higher', create: never } as never);
      h.backbones.add({ id: 'tiny', description: 'one layer', encode: never, classify: never });
    },
  });
  host = await createHost({
    plugins: [{ plugin: toy, origin: 'toy' }],
  });
});

afterAll(() => host.dispose());

test('a whole recipe has no problems', () => {
  expect(recipeConformance(sound, host)).toEqual([]);
});

test.each<[string, Partial<Recipe>, RegExp]>([
  ['a value without a source', { protocol: { lr: { value: 1, from: 'published' } } }, /lr has no source/],
  ['a choice of ours without a reason', { protocol: { lr: { value: 1, from: 'ours' } } }, /does not say why/],
  ['a guess', { protocol: { lr: { value: 1, from: 'open' } } }, /open, and has a value/],
  ['a share in place of percent', { teacherTop1: 7150 }, /teacherTop1 is 7150/],
  ['a figure that is remembered', { published: { top1: 70, source: '', confidence: 'R' } }, /no source/],
  ['nothing to run and no reason', { run: undefined }, /either `run` or `blocked`/],
  ['seeds', { seeds: [] }, /seeds/],
  ['a model that nobody adds', { run: { ...sound.run!, student: { use: 'tinny' } } }, /no backbone 'tinny'/],
  [
    'an option that nobody knows',
    { run: { ...sound.run!, train: { epochs: 2, schedule: { use: 'constant', gamma: 2 } } } },
    /no option 'gamma'/,
  ],
  ['a value that the schema refuses', { run: { ...sound.run!, train: { epochs: 0 } } }, /train\.epochs/],
])('%s is found', (_, change, problem) => {
  expect(recipeConformance({ ...sound, ...change }, host).join('\n')).toMatch(problem);
});
