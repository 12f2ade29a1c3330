import { resolveConfig } from '@limbeck/core/host';
import { expect, it } from 'vitest';
import { planSweep } from './sweep.js';

const configured = (more: object) =>
  resolveConfig([
    {
      source: 'here',
      value: {
        data: { use: 'dots', augment: ['flip'] },
        teacher: { use: 'resnet8', weights: 'teacher.safetensors', cache: { views: 3 } },
        student: 'resnet8',
        distiller: ['classifier-sharing', { use: 'kd', taskWeight: 0 }],
        train: { epochs: 2 },
        ...more,
      },
    },
  ]).config;
const sizes = [
  { projectors: 1, reduction: 2 },
  { projectors: 4, reduction: 8 },
];

it('the student alone has neither teacher nor distiller, and as many augmentation draws as the others', () => {
  const [alone] = planSweep(configured({}), sizes, { epochs: 5, set: ['train.seed=3'] });
  const shared = ['train.seed=3', 'train.epochs=5', 'distiller=null', 'teacher=null'];
  expect(alone!.set).toEqual([...shared, 'task.weight=null', 'task.balance=null', 'data.views=3']);
  const stated = configured({ data: { use: 'dots', augment: ['flip'], views: 3 } });
  expect(planSweep(stated, sizes, {})[0]!.set.some((text) => text.startsWith('data.views'))).toBe(false);
});

it('a size changes the projectors alone; what stands beside them stays', () => {
  const [, first, second] = planSweep(configured({}), sizes, {});
  expect([first!.name, second!.name]).toEqual(['q1-f2', 'q4-f8']);
  expect(JSON.parse(second!.set.at(-1)!.slice('distiller='.length))).toEqual([
    { use: 'classifier-sharing', projectors: 4, reduction: 8 },
    { use: 'kd', taskWeight: 0 },
  ]);
});
