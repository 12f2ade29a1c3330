import { LimbeckError, type Split } from '@limbeck/core';
import { createEvalLoader, evaluatedImages } from '@limbeck/data';
import { sizeOf, tensorData } from '@limbeck/graph';
import { poolValues } from '../analysis/pool.js';
import type { LiveTeacher } from '../execute/live-teacher.js';
import { openAside, type TeachingRun, type WorkingTeacher } from '../execute/open-teacher.js';
import type { Control } from '../run/control.js';
import type { PlannedFeature, PlannedMetric } from './plan-metrics.js';
import { featureKey, type SplitFeatures, teacherFeatures } from './teacher-features.js';
import { thinned } from './thinned.js';

/** What teachers give about the evaluated samples of both splits; a split that is not evaluated has nothing. */
export type EvaluatedFeatures = Readonly<Record<'test' | 'train', SplitFeatures>>;

/** A run whose metrics are planned. */
export interface MeasuredRun extends TeachingRun {
  readonly metrics: readonly PlannedMetric[];
}

/**
 * Computes what metrics look at of the teachers, once, over the images as they are. A teacher that the step asks for all of
 * it is asked itself; another is opened for this alone, in batches of the training's size, so that one in int8 is
 * calibrated alike. A cache holds augmented training images and is of no use here.
 *
 * @throws LimbeckError INTERRUPTED
 */
export async function askTeachers(
  run: MeasuredRun,
  working: readonly WorkingTeacher[],
  control: Control,
): Promise<EvaluatedFeatures> {
  const given = { test: new Map<string, Float32Array>(), train: new Map<string, Float32Array>() };
  const { test, train } = run.spec.data.dataset;
  const { splits: measured, trainImages } = run.spec.evaluate;
  const splits = new Map<keyof EvaluatedFeatures, Split>([['test', test]]);
  if (measured.includes('train')) splits.set('train', thinned(train, trainImages));
  const asked = teacherFeatures(run.metrics);
  for (const { teacher, live } of working) {
    const features = asked.filter((feature) => feature.teacher === teacher.planned.name);
    if (features.length === 0) continue;
    const paths = [...new Set(features.map(({ output }) => output))];
    const isReady = live !== undefined && paths.every((path) => live.paths.has(path));
    const own = isReady ? undefined : await openAside(run, teacher, paths, control.emit);
    try {
      for (const [name, split] of splits) {
        const started = performance.now();
        const values = await lookAt(own ?? live!, features, { run, split, stop: control.stop });
        for (const [key, value] of values) given[name].set(key, value);
        control.emit({
          type: 'teacher-features',
          teacher: teacher.planned.name,
          split: name,
          features: paths,
          samples: split.length,
          bytes: [...values.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
          seconds: (performance.now() - started) / 1000,
        });
      }
    } finally {
      await own?.dispose();
    }
  }
  return given;
}

async function lookAt(
  live: LiveTeacher,
  features: readonly PlannedFeature[],
  { run, split, stop }: { run: TeachingRun; split: Split; stop: () => boolean },
): Promise<Map<string, Float32Array>> {
  const { dataset } = run.spec.data;
  const { imageShape } = dataset;
  const { batchSize } = live;
  const loader = createEvalLoader({ ...evaluatedImages(dataset), split, batchSize });
  const kept = features.map((feature) => ({
    feature,
    size: sizeOf(feature.shape),
    values: new Float32Array(split.length * sizeOf(feature.shape)),
  }));
  for (let step = 0; step < loader.batches; step++) {
    const { images, count } = await loader.batch(step);
    const given = await live.run(tensorData('float32', [batchSize, ...imageShape], images));
    for (const { feature, size, values } of kept) {
      const data = given[feature.output]!.data as Float32Array;
      const rows = feature.pooled ? poolValues(data, feature.given, count) : data;
      values.set(rows.subarray(0, count * size), step * batchSize * size);
    }
    if (stop()) throw new LimbeckError('INTERRUPTED', 'the teacher was interrupted');
  }
  return new Map(kept.map(({ feature, values }) => [featureKey(feature), values]));
}
