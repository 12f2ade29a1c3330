import { LimbeckError } from '@limbeck/core';
import { formatShape, sizeOf } from '@limbeck/graph';
import type { PlannedFeature, PlannedMetric } from './plan-metrics.js';

/** What teachers give about the samples of a split: row-major [samples, ...shape], by {@link featureKey}. */
export type SplitFeatures = ReadonlyMap<string, Float32Array>;

/** Bytes of teachers' features that a run keeps in memory. */
const mostBytes = 2 ** 30;

/** Tells the features of teachers apart. */
export const featureKey = ({ teacher, path, pooled }: PlannedFeature): string =>
  JSON.stringify([teacher, path, pooled]);

/** Each feature of a teacher that metrics look at, once. */
export function teacherFeatures(metrics: readonly PlannedMetric[]): PlannedFeature[] {
  const all = metrics.flatMap(({ features }) => Object.values(features));
  const ofTeachers = all.filter(({ of }) => of === 'teacher');
  return [...new Map(ofTeachers.map((feature) => [featureKey(feature), feature])).values()];
}

/**
 * Teachers are frozen and evaluation changes no image, so what they give is computed once and kept in memory as float32:
 * an evaluation then costs what the student costs. What does not fit there is refused and not computed anew in every
 * epoch, which would cost more than the training of a small student.
 *
 * @param samples that are evaluated, of all splits
 * @throws LimbeckError PRECONDITION where that takes more than 1 GiB
 */
export function checkMemory(metrics: readonly PlannedMetric[], samples: number): void {
  const features = teacherFeatures(metrics);
  const bytes = features.reduce((sum, { shape }) => sum + samples * sizeOf(shape) * 4, 0);
  if (bytes <= mostBytes) return;
  const listed = features.map(({ title, shape }) => `${title} ${formatShape(shape)}`);
  throw new LimbeckError(
    'PRECONDITION',
    `metrics look at ${listed.join(', ')}: ${gibibytes(bytes)} for ${samples} images; at most ${gibibytes(mostBytes)} are kept`,
    {
      hint: 'choose a smaller feature or a pooled one, or measure fewer training images: train.evaluate.trainImages',
      details: { bytes, samples },
    },
  );
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
