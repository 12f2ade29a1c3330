import type { ComputeBackend } from '@limbeck/core/backend';
import { flip } from '@limbeck/data';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherSettings } from '../run/teacher-spec.js';
import { nll, top1 } from '../standard/metrics.js';
import { sgd } from '../standard/optimizers.js';
import { cosine } from '../standard/schedules.js';
import { toyDataset } from './toy-data.js';
import { toyDistiller, toyParts, toyStudent, toyTeacher, toyTeacherWeights } from './toy-models.js';

/** How a toy teacher in int8 is calibrated. */
export const toyCalibration: TeacherSettings['calibration'] = {
  images: 16,
  method: 'min-max',
  percentile: 99.99,
  firstConvolution: 'float32',
  classifier: 'float32',
};

/** A distillation of three epochs of three steps that takes milliseconds; everything random is in it. */
export function toySpec(backend: ComputeBackend, changes: Partial<RunSpec> = {}): RunSpec {
  return {
    student: { backbone: toyStudent, options: undefined },
    teachers: [
      {
        name: 'teacher',
        backbone: toyTeacher,
        options: undefined,
        weights: toyTeacherWeights(),
        placement: { backend },
        acceptChance: false,
        calibration: toyCalibration,
        fidelity: { images: 10, agreement: 0.98, cosine: 0.99, accept: false },
      },
    ],
    distillers: [{ distiller: toyDistiller, options: { weight: 0.5 } }],
    parts: toyParts,
    data: {
      dataset: toyDataset(),
      batchSize: 8,
      evalBatchSize: 4,
      augment: [{ contribution: flip, options: { p: 0.5 } }],
    },
    optimizer: { contribution: sgd, options: { momentum: 0.9, nesterov: true, weightDecay: 1e-4 } },
    lr: 0.1,
    schedule: { contribution: cosine, options: { final: 0 } },
    metrics: [
      { contribution: top1, options: {} },
      { contribution: nll, options: {} },
    ],
    epochs: 3,
    seed: 7,
    accumulate: 1,
    groups: [],
    freeze: [],
    evaluate: { every: 1, splits: ['test'] },
    checkpoint: { everyEpochs: 1, keep: { last: 2, best: true } },
    deploy: 'last',
    placement: { backend },
    exporters: [],
    ...changes,
  };
}
