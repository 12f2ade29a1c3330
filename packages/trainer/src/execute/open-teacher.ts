import { LimbeckError } from '@limbeck/core';
import type { Feeds, Precision } from '@limbeck/core/backend';
import { createTrainLoader, trainingImages } from '@limbeck/data';
import { type StateDict, tensorData } from '@limbeck/graph';
import type { PlannedTeacher } from '../programs/student.js';
import type { RunListener } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherSpec } from '../run/teacher-spec.js';
import { CalibrationFolder } from './calibration-folder.js';
import { compile, frozen } from './compile.js';
import { openForeignTeacher } from './foreign/open-foreign-teacher.js';
import { compiledTeacher, type LiveTeacher } from './live-teacher.js';
import type { CacheStore } from './teacher-cache/store.js';
import type { TeacherCache } from './teacher-cache/teacher-cache.js';

/** A teacher of a run: what is said about it and what is planned with it. */
export interface RunTeacher {
  readonly spec: TeacherSpec;
  readonly planned: PlannedTeacher;
  /** Undefined where it is asked in every step. */
  readonly cache: CacheStore | undefined;
}

/** A teacher at work. */
export interface WorkingTeacher {
  readonly teacher: RunTeacher;
  /** Undefined where the student's step needs nothing of it, or where all of that is known. */
  readonly live: LiveTeacher | undefined;
  /** Undefined where it is asked in every step. */
  readonly cache: TeacherCache | undefined;
}

/** What teachers are opened for: the run, and the weights of all of them by state name. */
export interface TeachingRun {
  readonly spec: RunSpec;
  /** Empty where the student trains alone. */
  readonly teacherState: StateDict;
}

/**
 * What the student's step needs of a teacher. One in int8 gives its logits too, which its fidelity is judged by, and a
 * model from a file does, so that it is not loaded twice to be examined.
 */
export function pathsOf({ spec, planned }: RunTeacher): string[] {
  const paths = planned.features.map(({ path }) => path);
  const hasLogits = 'foreign' in spec && spec.foreign.noLogits === undefined;
  if (spec.placement.precision === 'int8' || hasLogits) paths.push('logits');
  return [...new Set(paths)];
}

/**
 * Compiles or loads a frozen teacher where it belongs.
 *
 * @param paths of the features it shall give
 * @param precision default: its own; in int8 it is calibrated
 */
export async function openTeacher(
  run: TeachingRun,
  { spec, planned }: RunTeacher,
  paths: readonly string[],
  { emit, precision = spec.placement.precision }: { emit: RunListener; precision?: Precision | undefined },
): Promise<LiveTeacher> {
  if ('foreign' in spec) {
    const { dataset, batchSize } = run.spec.data;
    const { name } = planned;
    return openForeignTeacher(spec.foreign, {
      ...dataset,
      batchSize,
      placement: spec.placement,
      paths,
      name,
      emit,
    });
  }
  const program = frozen(planned.model.program!(paths), run.teacherState);
  const placement = { ...spec.placement, ...(precision === undefined ? {} : { precision }) };
  const { batchSize } = run.spec.data;
  if (precision !== 'int8') {
    return compiledTeacher(await compile(program, placement, { emit }), batchSize);
  }
  const { images, dir, ...how } = spec.calibration;
  const owner = { backend: placement.backend.id, teacher: planned.name };
  const memory = dir === undefined ? undefined : new CalibrationFolder(dir, owner, emit);
  const batches = await calibrationBatches(run.spec, images);
  const calibration = { batches, ...how, ...(memory && { memory }) };
  const executable = await compile(program, placement, { emit, calibration });
  memory?.report();
  return compiledTeacher(executable, batchSize);
}

/**
 * Opens a teacher for something besides the student's step. One in int8 gives what the step asks for too, so that its program is rounded alike. Where no step needs anything of it,
 * nothing measures what rounding does to it, and float32 stands for it, as where it is examined.
 */
export function openAside(
  run: TeachingRun,
  teacher: RunTeacher,
  paths: readonly string[],
  emit: RunListener,
): Promise<LiveTeacher> {
  if (teacher.spec.placement.precision !== 'int8') return openTeacher(run, teacher, paths, { emit });
  const isUnused = teacher.planned.features.length === 0;
  return isUnused
    ? openTeacher(run, teacher, paths, { emit, precision: 'float32' })
    : openTeacher(run, teacher, [...new Set([...pathsOf(teacher), ...paths])], { emit });
}

/** What images of calibration are taken from. */
export interface CalibrationSource {
  readonly data: Pick<RunSpec['data'], 'dataset' | 'batchSize'>;
  readonly seed: number;
}

/** Bytes that images of calibration may take: they are read several times, and held in memory meanwhile. */
const mostCalibrationBytes = 2 ** 30;

/**
 * Training images as they are, from the beginning of an order drawn from the run's seed: the same in a resumed run.
 *
 * @throws LimbeckError PRECONDITION where they take over 1 GiB of memory
 */
export async function calibrationBatches(
  { data, seed }: CalibrationSource,
  images: number,
): Promise<readonly Feeds[]> {
  const { dataset, batchSize } = data;
  const { train: split, imageShape, evaluation = [] } = dataset;
  const each = 4 * imageShape.reduce((product, extent) => product * extent, 1);
  if (Math.min(images, split.length) * each > mostCalibrationBytes) {
    throw new LimbeckError(
      'PRECONDITION',
      `${images} images [${imageShape.join(', ')}] to calibrate with take ${images * each} bytes of memory; at most ${mostCalibrationBytes} are held`,
      { hint: `say calibration.images: ${Math.floor(mostCalibrationBytes / each)} or less` },
    );
  }
  const loader = createTrainLoader({
    ...trainingImages(dataset),
    ...{ split, batchSize, seed, augment: evaluation },
  });
  const batches = Math.min(Math.ceil(images / batchSize), loader.batchesPerEpoch);
  const feeds: Feeds[] = [];
  for (let step = 0; step < batches; step++) {
    const { images: pixels } = await loader.batch(0, step);
    feeds.push({ image: tensorData('float32', [batchSize, ...imageShape], pixels.slice()) });
  }
  return feeds;
}
