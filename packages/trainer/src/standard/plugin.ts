import { definePlugin } from '@limbeck/core';
import { cutout, flip, padCrop, randAugment } from '@limbeck/data';
import { ece } from '../analysis/calibration.js';
import { linearCka } from '../analysis/linear-cka.js';
import { teacherAgreement } from '../analysis/teacher-agreement.js';
import { teacherCosine } from '../analysis/teacher-cosine.js';
import { fixed, gradientNorm, mokd, runningMagnitude } from './balancers.js';
import { clipByGlobalNorm, clipByValue } from './gradient-transforms.js';
import { nll, top1, top5 } from './metrics.js';
import { adamw, lamb, sgd } from './optimizers.js';
import { constant, cosine, linear, linearWarmup, multiStep } from './schedules.js';

/** What every run may use: optimisers, gradient transforms, schedules, loss balancers, metrics, augmentations. */
export const standardTraining = definePlugin({
  name: '@limbeck/trainer',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.optimizers.add(sgd, adamw, lamb);
    host.gradientTransforms.add(clipByGlobalNorm, clipByValue);
    host.schedules.add(constant, multiStep, cosine, linear, linearWarmup);
    host.balancers.add(fixed, runningMagnitude, gradientNorm, mokd);
    host.metrics.add(top1, top5, nll, ece, teacherCosine, teacherAgreement, linearCka);
    host.augmentations.add(padCrop, flip, randAugment, cutout);
  },
});
