import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { teacherTitle } from '@limbeck/core/host';
import { formatShape, print } from '@limbeck/graph';
import type { ImageInput } from '../../programs/image-inputs.js';
import type { PlannedTeacher } from '../../programs/student.js';
import { teacherPrefix } from '../../programs/teacher.js';
import { TracedTeacher } from '../../programs/traced-teacher.js';
import { drawsOf } from '../../run/draws.js';
import { hashOf, partOf, teacherOf } from '../../run/identity.js';
import type { RunSpec } from '../../run/run-spec.js';
import type { TeacherSpec } from '../../run/teacher-spec.js';
import { type CacheLayout, type FeatureSize, layoutOf } from './layout.js';
import { CacheStore } from './store.js';

/** Hexadecimal digits of a cache's hash that name its folder. */
const shownDigits = 32;

/** What decides what a cache holds. */
interface PlannedCache {
  readonly spec: TeacherSpec;
  readonly planned: PlannedTeacher;
  /** What the run's steps look at, by input. */
  readonly imageInputs: ReadonlyMap<string, ImageInput>;
}

/**
 * The cache of a teacher, as its specification wants it; nothing is read or written yet.
 *
 * @returns undefined where it shall have none, or where nothing is needed of it
 * @throws LimbeckError CONFIG_INVALID, PRECONDITION where its features cannot be kept
 */
export function planCache(
  run: RunSpec,
  { spec, planned, imageInputs }: PlannedCache,
): CacheStore | undefined {
  const { cache } = spec;
  if (cache === undefined || planned.features.length === 0) return undefined;
  const { dataset, batchTransforms = [] } = run.data;
  const [mixing] = batchTransforms;
  if (mixing !== undefined) {
    throw new LimbeckError(
      'CONFIG_INVALID',
      `the cache of ${teacherTitle(planned.name)} keeps what it says of single images, but batch transform '${mixing.contribution.id}' mixes those of a batch anew in every step`,
      { hint: 'leave teacher.cache or data.batchTransforms out' },
    );
  }
  const sizes = sizesOf(planned, run.data.batchSize);
  const layout = layoutOf(sizes, cache, dataset.train.length);
  const kept = keptInputs(layout, imageInputs);
  const identity = JSON.parse(
    JSON.stringify({
      teacher: identityOfTeacher(spec, run),
      program: programOf(spec, sizes, dataset),
      features: layout.features.map(({ name, shape, encoding }) => ({
        path: name,
        shape,
        kept: encoding.label,
      })),
      data: {
        fingerprint: dataset.fingerprint,
        samples: dataset.train.length,
        normalization: dataset.normalization,
        ...imagesOf(run, kept),
      },
    }),
  );
  const key = hashOf(identity).slice(0, shownDigits);
  return new CacheStore({
    folder: join(cache.dir, key),
    key,
    identity,
    layout,
    // all draws of an image that nothing changes are the same
    draws: isDrawn(kept) ? drawsOf(run, { augmented: true })! : 1,
  });
}

/** Those that something is kept of. */
const keptInputs = (
  { features }: CacheLayout,
  imageInputs: PlannedCache['imageInputs'],
): Map<string, ImageInput> => new Map(features.map(({ image }) => [image, imageInputs.get(image)!]));

/** How the images are made that the teacher looks at. */
function imagesOf({ data, seed }: RunSpec, kept: ReadonlyMap<string, ImageInput>) {
  const views = [...kept]
    .filter(([, { number }]) => number > 0)
    .map(([input, { augment, number }]) => [input, { number, augment: augment.map(partOf) }] as const);
  return {
    augment: data.augment.map(partOf),
    ...(views.length === 0 ? {} : { views: Object.fromEntries(views) }),
    // without augmentation nothing is drawn
    ...(isDrawn(kept) ? { seed } : {}),
  };
}

const isDrawn = (kept: ReadonlyMap<string, ImageInput>): boolean =>
  [...kept.values()].some(({ augment }) => augment.length > 0);

/** A draw is the same whatever their number, so that a cache can be added to: the number is no part of the key. */
export function identityOfTeacher(spec: TeacherSpec, { seed }: RunSpec) {
  const { placement, ...identity } = teacherOf(spec);
  // threads share the work and do not change it
  const { threads, ...where } = placement;
  // the images it is calibrated with are drawn from the seed
  return { ...identity, placement: where, ...(placement.precision === 'int8' ? { seed } : {}) };
}

/**
 * The program as it is traced, so that another version of a backbone has another cache. The batch does not count.
 *
 * @returns undefined for a model from a file, which is known by its bytes
 */
export function programOf(
  choice: TeacherSpec,
  sizes: readonly Pick<FeatureSize, 'path'>[],
  { imageShape, classes }: RunSpec['data']['dataset'],
): string | undefined {
  if ('foreign' in choice) return undefined;
  const model = new TracedTeacher(choice, { prefix: teacherPrefix, image: [1, ...imageShape], classes });
  return hashOf(print(model.program([...new Set(sizes.map(({ path }) => path))])));
}

function sizesOf({ model, features }: PlannedTeacher, batch: number): FeatureSize[] {
  return features.map(({ path, image }) => {
    const { dtype, shape } = model.feature(path);
    if (dtype !== 'float32' || shape[0] !== batch) {
      throw new LimbeckError(
        'PRECONDITION',
        `'${path}' of teacher '${model.id}' is ${dtype} ${formatShape(shape)}, which a cache cannot keep`,
        { hint: `it keeps float32 with a row for each of the ${batch} images: leave teacher.cache out` },
      );
    }
    return { path, image, shape: shape.slice(1) };
  });
}
