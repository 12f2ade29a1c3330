import { definePlugin } from '@limbeck/core';
import { standardAugmentations, standardBatchTransforms } from '@limbeck/data';
import { ece } from '../analysis/calibration.js';
import { linearCka } from '../analysis/linear-cka.js';
import { teacherAgreement } from '../analysis/teacher-agreement.js';
import { teacherCosine } from '../analysis/teacher-cosine.js';
import { binaryCrossEntropy } from '../tasks/binary-cross-entropy.js';
import { crossEntropy } from '../tasks/cross-entropy.js';
import { noTask } from '../tasks/none.js';
import { meanAveragePrecision } from './average-precision.js';
import { fixed, gradientNorm, mokd, runningMagnitude } from './balancers.js';
import { f1 } from './f1.js';
import { clipByGlobalNorm, clipByValue } from './gradient-transforms.js';
import { nll, top1, top5 } from './metrics.js';
import { adamw, dot, lamb, sgd } from './optimizers.js';
import { constant, cosine, linear, linearWarmup, multiStep } from './schedules.js';

/** What every run may use: optimisers, gradient transforms, schedules, tasks, loss balancers, metrics, changes to samples and batches. */
export const standardTraining = definePlugin({
  name: '@limbeck/trainer',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.optimizers.add(sgd, adamw, lamb, dot);
    host.gradientTransforms.add(clipByGlobalNorm, clipByValue);
    host.schedules.add(constant, multiStep, cosine, linear, linearWarmup);
    host.tasks.add(crossEntropy, binaryCrossEntropy, noTask);
    host.balancers.add(fixed, runningMagnitude, gradientNorm, mokd);
    host.metrics.add(
      top1,
      top5,
      nll,
      ece,
      meanAveragePrecision,
      f1,
      teacherCosine,
      teacherAgreement,
      linearCka,
    );
    host.augmentations.add(...standardAugmentations);
    host.batchTransforms.add(...standardBatchTransforms);
  },
});
