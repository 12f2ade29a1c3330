import type { Recipe, UseObject } from '@limbeck/core';
import { recipeProblems } from '@limbeck/core/host';
import { describe, expect, test } from 'vitest';
import { readRecipes } from './index.js';

const recipes = readRecipes();
const byId = new Map(recipes.map((recipe) => [recipe.id, recipe]));

const distillerOf = (id: string): UseObject => [byId.get(id)!.run!.distiller!].flat()[0] as UseObject;

test('ids are unique, and every value has a source or says that it is ours', () => {
  expect(byId.size).toBe(recipes.length);
  expect(recipes.flatMap((recipe) => recipeProblems(recipe).map((one) => `${recipe.id}: ${one}`))).toEqual(
    [],
  );
});

describe('rows that must be there', () => {
  const pairs = [
    ...['wrn_40_2-wrn_16_2', 'wrn_40_2-wrn_40_1', 'resnet56-resnet20', 'resnet110-resnet20'],
    ...['resnet110-resnet32', 'resnet32x4-resnet8x4', 'vgg13-vgg8', 'vgg13-MobileNetV2'],
    ...['ResNet50-MobileNetV2', 'ResNet50-vgg8', 'resnet32x4-ShuffleV1', 'resnet32x4-ShuffleV2'],
    'wrn_40_2-ShuffleV1',
  ];
  const methods = [
    ...['student', 'kd', 'fitnet', 'at', 'sp', 'cc', 'vid', 'rkd', 'pkt', 'ab', 'ft', 'fsp', 'nst', 'crd'],
  ];

  test.each(pairs)("%s has each of RepDistiller's rows", (pair) => {
    for (const method of methods) {
      const recipe = byId.get(`${method}/cifar100/${pair}`);
      expect(recipe, `${method} ${pair}`).toBeDefined();
      const isOff = method === 'fsp' && recipe!.published === undefined;
      expect(recipe!.run === undefined, recipe!.id).toBe(isOff);
      if (!isOff) expect(recipe!.published!.source).toBe('HobbitLong/RepDistiller:README.md');
    }
  });

  test.each([
    ...['dkd', 'dist', 'reviewkd', 'kd', 'wkd-l', 'wkd-f', 'wkd-lf', 'kd++', 'crd', 'at', 'crld', 'nkd'],
    ...['kd-ls', 'wttm'],
  ])('%s has a row of ImageNet that runs', (method) => {
    for (const pair of ['resnet34-resnet18', 'resnet50-MobileNetV1']) {
      const recipe = byId.get(`${method}/imagenet/${pair}`);
      if (pair === 'resnet50-MobileNetV1' && ['kd-ls'].includes(method)) continue;
      expect(recipe?.run, `${method} ${pair}`).toBeDefined();
    }
  });

  test.each([
    ...[
      'pefd/imagenet/resnet34-resnet18',
      'srd/imagenet/resnet34-resnet18',
      'kd1proj/cifar100/resnet32x4-resnet8x4',
    ],
    ...['simkd/cifar100/resnet32x4-vgg8@f8', 'classifier-sharing/tiny-imagenet/resnet32x4-resnet8x4'],
    ...['vkd/imagenet/regnety_160-deit_ti_distilled', 'vanillakd/imagenet/beitv2_base-resnet50'],
    ...[
      'dkd-ls/cifar100/resnet56-resnet20',
      'ttm/cifar100/vgg13-vgg8',
      'reviewkd/cifar100/resnet110-resnet32',
    ],
  ])('%s runs', (id) => {
    expect(byId.get(id)?.blocked).toBeUndefined();
    expect(byId.get(id)?.run).toBeDefined();
  });
});

describe('values that differ from pair to pair', () => {
  test.each([
    ['dkd/cifar100/resnet56-resnet20', { beta: 2, temperature: 4, warmup: 20 }],
    ['dkd/cifar100/vgg13-vgg8', { beta: 6 }],
    ['dkd/imagenet/resnet34-resnet18', { beta: 0.5, temperature: 1, warmup: 1 }],
    ['reviewkd/cifar100/resnet56-resnet20', { weight: 0.6 }],
    ['reviewkd/imagenet/resnet50-MobileNetV1', { weight: 8, width: 256 }],
    ['kd-ls/cifar100/vgg13-vgg8', { temperature: 3, weight: 9, taskWeight: 0.1 }],
    ['dkd-ls/cifar100/resnet56-resnet20', { alpha: 18, beta: 36, temperature: 3, standardize: true }],
    [
      'kd++/cifar100/resnet32x4-resnet8x4',
      { weight: 3.5, schedule: { use: 'linear', end: 20, by: 'epoch' } },
    ],
    ['fitnet/cifar100/resnet32x4-resnet8x4@simkd', { tap: 'stage1', weight: 100 }],
    ['wkd-f/cifar100/wrn_40_2-ShuffleV1', { weight: 0.3, ratio: 3, grid: 4 }],
    ['simkd/cifar100/resnet32x4-resnet8x4@f4', { projectors: 1, reduction: 4, taskWeight: 0 }],
    ['dist/imagenet/resnet34-resnet18', { inter: 2, intra: 2, temperature: 1 }],
  ])('%s', (id, options) => {
    expect(distillerOf(id)).toMatchObject(options);
  });

  test('light students learn at a fifth, those of ReviewKD at 0.02 in batches of 128', () => {
    const train = (id: string) => byId.get(id)!.run!.train;
    expect(train('kd/cifar100/vgg13-MobileNetV2').optimizer).toMatchObject({ lr: 0.01, nesterov: false });
    const review = byId.get('reviewkd/cifar100/wrn_40_2-ShuffleV1')!.run!;
    expect(review.train.optimizer).toMatchObject({ lr: 0.02, nesterov: true });
    expect(review.data.batchSize).toBe(128);
    expect(train('dist/imagenet/resnet34-resnet18').schedule).toEqual({
      use: 'multi-step',
      milestones: [30, 60, 90],
      gamma: 0.1,
    });
  });

  test('a toolbox that adds KD to every method has it beside the method', () => {
    const { distiller } = byId.get('at/cifar100/resnet32x4-resnet8x4@simkd')!.run!;
    expect(distiller).toEqual([
      { use: 'at', weight: 1000 },
      { use: 'kd', weight: 1, taskWeight: 1, temperature: 4 },
    ]);
  });
});

describe('what is not known', () => {
  test('is ours, says so and says why', () => {
    const { exponent } = distillerOf('ttm/cifar100/resnet56-resnet20');
    const { extra } = byId.get('ttm/cifar100/resnet56-resnet20')!.protocol;
    expect(exponent).toBe(0.1);
    expect(extra).toMatchObject({ from: 'ours', reason: expect.stringContaining('vgg13-vgg8') });
    expect(byId.get('ttm/cifar100/vgg13-vgg8')!.protocol.extra!.from).toBe('published');
  });

  test('classifier sharing is our reading in every value', () => {
    const { protocol, published, notes } = byId.get('classifier-sharing/cifar100/vgg13-vgg8')!;
    const told = Object.entries(protocol).filter(([key]) => key !== 'reports');
    expect(told.every(([, { from }]) => from === 'ours')).toBe(true);
    expect(published).toBeUndefined();
    expect(notes!.join()).toContain('our reading');
  });

  test('a figure that nobody read is not there, and one that others list says so', () => {
    expect(byId.get('pefd/cifar100/resnet32x4-resnet8x4')!.published).toBeUndefined();
    const figures = recipes.flatMap(({ published }) =>
      published === undefined ? [] : [published, ...(published.alternatives ?? [])],
    );
    expect(figures.length).toBeGreaterThan(580);
    expect(figures.every(({ confidence }) => confidence === 'R' || confidence === 'S')).toBe(true);
  });

  test('what cannot be run says why and keeps its figure', () => {
    const { run, blocked, published } = byId.get('kd+dot/cifar100/vgg13-vgg8')!;
    expect(run).toBeUndefined();
    expect(blocked).toContain('DOT');
    expect(published!.top1).toBe(73.77);
  });
});

test('our shortened rows keep the weights, and a twelfth of the epochs', () => {
  const ours = recipes.filter(({ data }) => data === 'fashion-mnist-subset');
  expect(ours.map(({ method }: Recipe) => method).sort()).toEqual(
    [
      'at',
      'classifier-sharing',
      'dkd',
      'fitnet',
      'kd',
      'kd1proj',
      'pefd',
      'simkd',
      'sp',
      'srd',
      'student',
    ].sort(),
  );
  expect(ours.every(({ published }) => published === undefined)).toBe(true);
  const dkd = byId.get('dkd/fashion-mnist-subset/resnet14x2-resnet8')!.run!;
  expect(dkd).toEqual({
    data: {
      use: 'fashion-mnist-subset',
      batchSize: 64,
      augment: [{ use: 'pad-crop', pad: 4 }, { use: 'flip' }],
      views: 4,
    },
    teacher: { use: 'resnet14x2', cache: { views: 4 } },
    student: { use: 'resnet8' },
    distiller: { use: 'dkd', alpha: 1, beta: 8, temperature: 4, warmup: 1.6667 },
    train: {
      epochs: 20,
      optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 5e-4 },
      schedule: { use: 'multi-step', milestones: [12.5, 15, 17.5], gamma: 0.1 },
    },
  });
});
