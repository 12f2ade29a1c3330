import { readFileSync } from 'node:fs';
import { indexTargets, type Predictions, type Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import { patternNumbers } from '@limbeck/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { nll, top1, top5 } from './metrics.js';
import { standardTraining } from './plugin.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin: standardTraining, origin: 'here' }] });
});

const measured = (metric: typeof top1, ...batches: Predictions[]) => {
  const accumulator = metric.create({}, {});
  for (const batch of batches) accumulator.add(batch);
  return accumulator.value();
};

const batch = (rows: number[][], labels: number[], count = labels.length): Predictions => ({
  logits: Float32Array.from(rows.flat()),
  targets: indexTargets(labels),
  count,
  classes: rows[0]!.length,
  features: {},
});

describe('metrics', () => {
  it('agree with published numbers', () => {
    const golden = new URL('../../../../test/golden/metrics.json', import.meta.url);
    const { seed, N, classes, labels, ...pinned } = JSON.parse(readFileSync(golden, 'utf8'));
    const logits = Float32Array.from(patternNumbers(String(seed), 'ece.logits', N * classes), (u) => 6 * u);
    const predictions = { logits, targets: indexTargets(labels), count: N, classes, features: {} };
    expect(measured(top1, predictions)).toBe(pinned.top1);
    expect(measured(nll, predictions)).toBeCloseTo(pinned.nll, 6);
  });

  it('leave padding out and add batches up', () => {
    const first = batch(
      [
        [2, 1],
        [0, 1],
      ],
      [0, 1],
    );
    const second = batch(
      [
        [1, 0],
        [9, 0],
      ],
      [1, 0],
      1,
    );
    expect(measured(top1, first, second)).toBeCloseTo(2 / 3, 12);
    const e = (x: number) => Math.log(1 + Math.exp(x));
    expect(measured(nll, first, second)).toBeCloseTo((e(-1) + e(-1) + e(1)) / 3, 7);
  });

  it('count the five most likely', () => {
    const row = [7, 6, 5, 4, 3, 2, 1];
    expect([0, 4, 5, 6].map((label) => measured(top5, batch([row], [label])))).toEqual([1, 1, 0, 0]);
  });

  it('give the first of equals the better rank, and nothing to a model that says nothing', () => {
    expect(measured(top1, batch([[1, 1]], [0]))).toBe(1);
    expect(measured(top1, batch([[1, 1]], [1]))).toBe(0);
    expect(measured(top1, batch([[Number.NaN, Number.NaN]], [0]))).toBe(0);
  });

  it('stay finite for large logits', () => {
    expect(measured(nll, batch([[1e30, -1e30]], [0]))).toBe(0);
    expect(measured(nll, batch([[1e4, 0]], [1]))).toBe(1e4);
  });
});

describe('schedules', () => {
  const factors = (use: Use, steps: readonly number[]) => {
    const { contribution, options } = host.use('schedules', use);
    const factor = contribution.create(options, { epochs: 10, stepsPerEpoch: 2 });
    return steps.map((step) => Number(factor(step).toFixed(6)));
  };

  it.each<[Use, number[], number[]]>([
    ['constant', [0, 19], [1, 1]],
    [{ use: 'multi-step', milestones: [2, 5] }, [3, 4, 9, 10], [1, 0.1, 0.1, 0.01]],
    [{ use: 'cosine', final: 0.2 }, [0, 10, 20], [1, 0.6, 0.2]],
    [{ use: 'cosine', start: 4, end: 8 }, [0, 8, 12, 16, 19], [1, 1, 0.5, 0, 0]],
    [{ use: 'cosine', start: 4, final: 0.2 }, [8, 14, 20], [1, 0.6, 0.2]],
    [{ use: 'cosine', start: 50 }, [0, 19], [1, 1]],
    [{ use: 'linear', end: 2 }, [0, 1, 3, 19], [0.25, 0.5, 1, 1]],
    [{ use: 'linear', end: 20, by: 'epoch' }, [0, 1, 2, 19], [0.05, 0.05, 0.1, 0.5]],
    [{ use: 'linear', start: 4, end: 6, from: 1, to: 0.5 }, [7, 8, 11, 12], [1, 0.875, 0.5, 0.5]],
    [{ use: 'linear-warmup', epochs: 2 }, [0, 1, 3, 4, 19], [0.25, 0.5, 1, 1, 1]],
    [{ use: 'linear-warmup', epochs: 2, after: 'cosine' }, [3, 4, 12], [1, 1, 0.5]],
    [
      { use: 'linear-warmup', epochs: 2, from: 0.5, after: { use: 'multi-step', milestones: [3] } },
      [0, 9, 10],
      [0.625, 1, 0.1],
    ],
  ])('%j', (use, steps, wanted) => {
    expect(factors(use, steps)).toEqual(wanted);
  });

  it.each<[Use, string]>([
    [{ use: 'cosine', finel: 0 }, 'UNKNOWN_OPTION'],
    [{ use: 'multi-step' }, 'CONFIG_INVALID'],
    [{ use: 'cosine', start: 5, end: 5 }, 'CONFIG_INVALID'],
    [{ use: 'linear' }, 'CONFIG_INVALID'],
    [{ use: 'linear', start: 5, end: 4 }, 'CONFIG_INVALID'],
    [{ use: 'linear-warmup', after: 'linear-warmup' }, 'CONFIG_INVALID'],
    [{ use: 'linear-warmup', after: { use: 'cosine', finel: 0 } }, 'UNKNOWN_OPTION'],
  ])('refuse %j', (use, code) => {
    expect(() => host.use('schedules', use)).toThrow(expect.objectContaining({ code }));
  });

  it('refuse a warm-up as long as the run', () => {
    expect(() => factors({ use: 'linear-warmup', epochs: 10 }, [0])).toThrow(
      expect.objectContaining({
        code: 'PRECONDITION',
        message: expect.stringMatching(/10 epochs .* run of 10/),
      }),
    );
  });
});

describe('optimisers', () => {
  it('complete their options with the defaults of PyTorch', () => {
    expect(host.use('optimizers', 'sgd').options).toEqual({ momentum: 0, nesterov: false, weightDecay: 0 });
    expect(host.use('optimizers', 'adamw').options).toEqual({
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0.01,
    });
  });

  it.each<Use>([
    { use: 'sgd', nesterov: true },
    { use: 'sgd', momentum: 1 },
    { use: 'sgd', weightDecay: -1 },
    { use: 'adamw', betas: [0.9] },
  ])('refuse %j', (use) => {
    expect(() => host.use('optimizers', use)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('leave the learning rate to the run', () => {
    expect(() => host.use('optimizers', { use: 'sgd', lr: 0.1 })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_OPTION' }),
    );
  });
});

it('brings the augmentations', () => {
  expect(host.list('augmentations').map(({ id }) => id)).toEqual([
    'center-crop',
    'color-jitter',
    'cutout',
    'flip',
    'pad-crop',
    'rand-augment',
    'random-erasing',
    'random-resized-crop',
    'resize',
    'rotation',
    'to-grey',
    'to-rgb',
    'trivial-augment',
  ]);
});
