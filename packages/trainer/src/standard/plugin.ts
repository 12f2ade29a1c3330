import { definePlugin } from '@limbeck/core';
import { flip, padCrop } from '@limbeck/data';
import { nll, top1, top5 } from './metrics.js';
import { adamw, sgd } from './optimizers.js';
import { constant, cosine, linear, linearWarmup, multiStep } from './schedules.js';

/** What every run may use: optimisers, schedules, metrics, augmentations. */
export const standardTraining = definePlugin({
  name: '@limbeck/trainer',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.optimizers.add(sgd, adamw);
    host.schedules.add(constant, multiStep, cosine, linear, linearWarmup);
    host.metrics.add(top1, top5, nll);
    host.augmentations.add(padCrop, flip);
  },
});
