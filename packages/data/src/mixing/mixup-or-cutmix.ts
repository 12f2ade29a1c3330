import { defineBatchTransform } from '@limbeck/core';
import { z } from 'zod';
import { cutmixBatch } from './cutmix.js';
import { alphaOption, mixupBatch, probability } from './mixup.js';

interface Options {
  readonly mixupAlpha: number;
  readonly cutmixAlpha: number;
  readonly switch: number;
  readonly p: number;
}

/** Either of the two for a batch, as timm's `Mixup` does where both are switched on, with the alphas of its recipes. */
export const mixupOrCutmix = defineBatchTransform({
  id: 'mixup-or-cutmix',
  description: 'mix each batch by mixup or by cutmix',
  options: z.strictObject({
    mixupAlpha: alphaOption('the share of the first image').default(0.8),
    cutmixAlpha: alphaOption('the share that stays'),
    switch: z.number().min(0).max(1).default(0.5).describe('probability of cutmix where a batch is mixed'),
    p: probability,
  }),
  create: (options: Options, facts) => (batch, random) => {
    if (random.uniform() >= options.p) return;
    if (random.uniform() < options.switch) {
      cutmixBatch(batch, facts, { alpha: options.cutmixAlpha, random });
    } else mixupBatch(batch, facts, { alpha: options.mixupAlpha, random });
  },
});
