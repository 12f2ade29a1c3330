import {
  dataSettings,
  type Host,
  isFileTeacher,
  placedUse,
  placements,
  type ResolvedConfig,
  type TeacherConfig,
  teachersOf,
  trainSettings,
} from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import type { ModelChoice, Placement, RunSpec, TeacherSpec } from '@limbeck/trainer';
import { place, placeForeign } from './backend.js';
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
    ...trainSettings(config),
    student: {
      ...student,
      ...(weights && { weights: readChosen(config.student) }),
      ...(init && { weights: copyLayers(student, opened, { ...init, dataset }) }),
    },
    teachers: opened,
    data: { ...dataSettings(config), dataset, augment, batchTransforms },
    placement,
    license: config.license,
    ...(config.train.export.some(({ precision }) => precision === 'int8') && {
      loader: await placeForeign(where, host),
    }),
    exporters: config.train.export.map((use, i) => {
      const placed = placedUse('train.export.*', use, i);
      const { use: id, ...settings } = Object.fromEntries(placed.own.map((key) => [key, use[key]]));
      return { ...host.use('exporters', placed.use, placed), ...settings };
    }),
  };
}

async function composeTeacher(
  teacher: TeacherConfig,
  model: ModelChoice | undefined,
  { placement, dataset, folders }: { placement: Placement; dataset: RunDataset; folders: RunFolders },
): Promise<TeacherSpec> {
  const { name, acceptChance, fidelity, calibration, cache } = teacher;
  const settings = {
    ...{
      placement,
      acceptChance,
      fidelity,
      calibration: { ...calibration, dir: calibration.dir ?? folders.calibrationDir },
    },
    cache: cache && { ...cache, dir: cache.dir ?? folders.cacheDir },
    preparedFolder: preparedFolder(cache?.dir ?? folders.cacheDir),
  };
  return isFileTeacher(teacher)
    ? { name, foreign: await openFileTeacher(teacher, placement, dataset), ...settings }
    : { name, ...model!, weights: readChosen(teacher), ...settings };
}
