import type { Executable, Feeds } from '@limbeck/core';
import { createTrainLoader } from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import type { RunListener } from '../events.js';
import type { RunSpec } from '../run-spec.js';
import { compile, frozen } from './compile.js';
import type { PreparedRun } from './prepare.js';

/**
 * The frozen teacher, giving what the student's step needs of it. In int8 it gives its logits too, which its fidelity is
 * judged by.
 *
 * @returns undefined where nothing is needed of a teacher
 */
export async function compileTeacher(run: PreparedRun, emit: RunListener): Promise<Executable | undefined> {
  const { spec, plan } = run;
  const { teacher } = spec;
  if (teacher === undefined || plan.teacher === undefined || plan.features.length === 0) return undefined;
  const { placement } = teacher;
  if (placement.precision !== 'int8') {
    return compile(frozen(plan.teacher.program(plan.features), run.teacherState), placement, { emit });
  }
  const { method, percentile } = teacher.calibration;
  const calibration = { batches: calibrationBatches(spec, teacher.calibration.images), method, percentile };
  return compile(judged(run), placement, { emit, calibration });
}

/** The same program as the teacher in int8, in float32. */
export function compileFloatTeacher(run: PreparedRun, emit: RunListener): Promise<Executable> {
  return compile(judged(run), { ...run.spec.teacher!.placement, precision: 'float32' }, { emit });
}

const judged = ({ plan, teacherState }: PreparedRun) =>
  frozen(plan.teacher!.program([...new Set([...plan.features, 'logits'])]), teacherState);

/** Training images as they are, from the beginning of an order drawn from the run's seed: the same in a resumed run. */
function calibrationBatches({ data, seed }: RunSpec, images: number): Iterable<Feeds> {
  const { dataset, batchSize } = data;
  const { train: split, normalization, imageShape } = dataset;
  const loader = createTrainLoader({ split, normalization, imageShape, batchSize, seed, augment: [] });
  const batches = Math.min(Math.ceil(images / batchSize), loader.batchesPerEpoch);
  return {
    *[Symbol.iterator]() {
      for (let step = 0; step < batches; step++) {
        const image = tensorData('float32', [batchSize, ...imageShape], loader.batch(0, step).images);
        yield { image };
      }
    },
  };
}
