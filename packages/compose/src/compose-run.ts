import {
  type Host,
  isFileTeacher,
  placedUse,
  placements,
  type ResolvedConfig,
  type TeacherConfig,
  teachersOf,
} from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import type { ModelChoice, Placement, RunSpec, TeacherCacheSpec, TeacherSpec } from '@limbeck/trainer';
import { place } from './backend.js';
import { copyLayers } from './copy-layers.js';
import { findParts } from './find-parts.js';
import { preparedFolder, type RunFolders } from './folders.js';
import { prepareData } from './open-data.js';
import { readChosen } from './read-chosen.js';
import { openFileTeacher, placeTeacher } from './teachers.js';

/**
 * Turns a configuration into a run: finds every part, opens the data, reads the weights.
 *
 * @throws LimbeckError of every kind that says what is missing or does not fit
 */
export async function composeRun(config: ResolvedConfig, host: Host, folders: RunFolders): Promise<RunSpec> {
  const parts = findParts(config, host);
  const { student: where, teachers: teachersWhere } = placements(config);
  // each asks runtimes in processes of their own
  const [placement, teacherPlacements, { dataset, augment }] = await Promise.all([
    place(where, host, 'training'),
    Promise.all(teachersOf(config).map((teacher, i) => placeTeacher(teacher, teachersWhere[i]!, host))),
    prepareData(config, parts, folders.dataDir),
  ]);
  const { dataset: _, augment: __, evaluation: ___, batchTransforms, student, teachers, ...found } = parts;
  const { train } = config;
  const { batchSize, evalBatchSize, views, sampling } = config.data;
  const { keep, everyEpochs, everySteps } = train.checkpoint;
  const opened = await Promise.all(
    teachersOf(config).map((teacher, i) =>
      composeTeacher(teacher, teachers[i]!.model, {
        placement: teacherPlacements[i]!,
        dataset,
        folders,
      }),
    ),
  );
  const { init, weights } = config.student;
  return {
    ...found,
    student: {
      ...student,
      ...(weights && { weights: readChosen(config.student) }),
      ...(init && { weights: copyLayers(student, opened, { ...init, dataset }) }),
    },
    teachers: opened,
    data: { dataset, batchSize, evalBatchSize, augment, batchTransforms, views, sampling },
    epochs: train.epochs,
    seed: train.seed,
    evaluateEvery: train.evaluate.every,
    ...(train.evaluate.splits.includes('train') && {
      evaluateTrain: { images: train.evaluate.trainImages },
    }),
    checkpoint: {
      everyEpochs,
      everySteps,
      keepLast: keep.last,
      keepBest: keep.best,
      keepEvery: keep.everyEpochs,
    },
    deploy: train.deploy,
    earlyStopping: train.earlyStopping,
    placement,
    exporters: train.export.map((use, i) => {
      const placed = placedUse('train.export.*', use, i);
      return host.use('exporters', placed.use, placed);
    }),
  };
}

async function composeTeacher(
  teacher: TeacherConfig,
  model: ModelChoice | undefined,
  { placement, dataset, folders }: { placement: Placement; dataset: RunDataset; folders: RunFolders },
): Promise<TeacherSpec> {
  const { name, acceptChance, fidelity, cache } = teacher;
  const { dir: folder = folders.calibrationDir, ...calibration } = teacher.calibration;
  const settings = {
    ...{ placement, acceptChance, fidelity, calibration: { ...calibration, folder } },
    cache: cache && cacheOf(cache, folders.cacheDir),
    preparedFolder: preparedFolder(cache?.dir ?? folders.cacheDir),
  };
  return isFileTeacher(teacher)
    ? { name, foreign: await openFileTeacher(teacher, placement, dataset), ...settings }
    : { name, ...model!, weights: readChosen(teacher), ...settings };
}

function cacheOf(
  { views, dtype, logits, dir }: NonNullable<TeacherConfig['cache']>,
  cacheDir: string,
): TeacherCacheSpec {
  return { dtype, topLogits: logits.top, views, folder: dir ?? cacheDir };
}
