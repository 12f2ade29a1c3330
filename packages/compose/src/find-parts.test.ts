import { defineConfig } from '@limbeck/core';
import { type Host, resolveConfig } from '@limbeck/core/host';
import { describe, expect, it } from 'vitest';
import { findParts } from './find-parts.js';

const minimal = { data: { use: 'd' }, student: { use: 's' }, train: { epochs: 2 } };

/** The design's example, as a user writes it. */
const example = defineConfig({
  data: { use: 'fashion-mnist', batchSize: 64, augment: [{ use: 'pad-crop', pad: 4 }, 'flip'] },
  teacher: { use: 'resnet32x4', weights: 'teacher.safetensors', backend: 'onnx', precision: 'int8' },
  student: { use: 'resnet8x4' },
  distiller: { use: 'projector-ensemble', projectors: 3, weight: 25 },
  task: { weight: 0.5, balance: { use: 'uncertainty', rate: 2 } },
  train: {
    epochs: 240,
    optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4 },
    schedule: { use: 'multi-step', milestones: [150, 180, 210], gamma: 0.1 },
    seed: 10,
  },
});

/** A host that gives back what it was asked for: the kind, and the use with its place. */
const asking = {
  use: (kind: string, use: unknown, place: object) => ({ contribution: { kind, use }, options: place }),
} as unknown as Host;

const find = (...layers: unknown[]) => {
  const { config } = resolveConfig(layers.map((value, i) => ({ source: `layer ${i}`, value })));
  return findParts(config, asking);
};

const asked = (kind: string, use: object, path: string) => ({
  contribution: { kind, use },
  options: { path },
});

describe('the parts of a configuration', () => {
  it("are asked for without the run's own keys, each by its kind and place", () => {
    const parts = find({ ...example, data: { ...(example.data as object), part: 'a' } });
    expect(parts.dataset).toMatchObject(asked('datasets', { use: 'fashion-mnist', part: 'a' }, 'data'));
    expect(parts.dataset.options).toMatchObject({ own: expect.arrayContaining(['batchSize']) });
    expect(parts.dataset.contribution).not.toHaveProperty('use.augment');
    expect(parts.augment).toMatchObject([
      asked('augmentations', { use: 'pad-crop', pad: 4 }, 'data.augment.0'),
      asked('augmentations', { use: 'flip' }, 'data.augment.1'),
    ]);
    expect(parts.student).toMatchObject({
      backbone: { kind: 'backbones', use: { use: 'resnet8x4' } },
      options: { path: 'student' },
    });
    expect(parts.optimizer).toEqual({
      contribution: { kind: 'optimizers', use: { use: 'sgd', momentum: 0.9, weightDecay: 5e-4 } },
      options: expect.objectContaining({ path: 'train.optimizer' }),
    });
    expect(parts).toMatchObject({ taskWeight: 0.5 });
    expect(parts.balance).toMatchObject(asked('balancers', { use: 'uncertainty', rate: 2 }, 'task.balance'));
    const course = { use: 'multi-step', milestones: [150, 180, 210], gamma: 0.1 };
    expect(parts.schedule).toMatchObject(asked('schedules', course, 'train.schedule'));
    expect(parts.metrics).toMatchObject([asked('metrics', { use: 'top1' }, 'train.evaluate.metrics.0')]);
  });

  it('may be few', () => {
    const parts = find(minimal);
    expect(parts).toMatchObject({ teachers: [], distillers: [], augment: [] });
    expect(parts.balance).toBeUndefined();
  });

  it('are distillers one by one, with their teachers and schedules', () => {
    const one = find(example).distillers;
    expect(one).toMatchObject([{ distiller: { kind: 'distillers' }, options: { path: 'distiller' } }]);
    const two = find(example, {
      distiller: ['kd', { use: 'sp', weight: 2, teacher: 'teacher', schedule: 'cosine' }],
    }).distillers;
    expect(two).toMatchObject([
      { distiller: { use: { use: 'kd' } }, options: { path: 'distiller.0' } },
      {
        distiller: { use: { use: 'sp', weight: 2 } },
        options: { path: 'distiller.1' },
        teacher: 'teacher',
        schedule: asked('schedules', { use: 'cosine' }, 'distiller.1.schedule'),
      },
    ]);
    expect(two[0]).toMatchObject({ teacher: undefined, schedule: undefined });
    expect(two[1]!.distiller).not.toHaveProperty('use.teacher');
    expect(two[1]!.distiller).not.toHaveProperty('use.schedule');
  });

  it('are teachers in their order, by their names', () => {
    const teacher = [
      { name: 'large', use: 'resnet32x4', weights: 'a', depth: 3 },
      { use: 'wrn', weights: 'b' },
    ];
    const { teachers } = find(minimal, { teacher, distiller: 'kd' });
    expect(teachers).toMatchObject([
      {
        name: 'large',
        model: { backbone: { use: { use: 'resnet32x4', depth: 3 } }, options: { path: 'teacher.0' } },
      },
      { name: 'teacher', model: { backbone: { use: { use: 'wrn' } }, options: { path: 'teacher.1' } } },
    ]);
    expect(teachers[0]!.model!.backbone).not.toHaveProperty('use.name');
    expect(find(example).teachers).toMatchObject([{ model: { options: { path: 'teacher' } } }]);
    const fromFile = { teacher: { onnx: 'model.onnx', taps: { embedding: 'flat' } }, distiller: 'kd' };
    expect(find(minimal, fromFile).teachers).toEqual([{ name: 'teacher' }]);
  });

  it('are metrics with names and teachers of their own beside their options', () => {
    const metrics = [
      'top1',
      { use: 'linear-cka', tap: 'stage2', name: 'cka 2', teacher: 'teacher' },
      { use: 'ece', bins: 10 },
    ];
    const found = find(example, { train: { evaluate: { metrics } } }).metrics;
    expect(found).toMatchObject([
      { contribution: { use: { use: 'top1' } } },
      {
        contribution: { use: { use: 'linear-cka', tap: 'stage2' } },
        name: 'cka 2',
        teacher: 'teacher',
      },
      { contribution: { use: { use: 'ece', bins: 10 } } },
    ]);
    expect(found[0]).toMatchObject({ name: undefined, teacher: undefined });
  });
});
