import {
  type Host,
  isFileTeacher,
  type OpenDataset,
  placements,
  type ResolvedConfig,
  type TeacherConfig,
  teachersOf,
} from '@limbeck/core';
import {
  type ModelChoice,
  type Placement,
  type RunSpec,
  readWeightsFile,
  type TeacherSpec,
} from '@limbeck/trainer';
import { place } from './backend.js';
import { findParts, type RunParts } from './parts.js';
import { openFileTeacher, placeTeacher } from './teachers.js';

/** Formats every finished student is written in, besides safetensors. */
const exportFormats: readonly string[] = ['onnx'];

/**
 * Turns a configuration into a run: finds every part, opens the data, reads the weights.
 *
 * @param dataDir folder of fetched data sets
 */
export async function composeRun(config: ResolvedConfig, host: Host, dataDir: string): Promise<RunSpec> {
  const parts = findParts(config, host);
  const { student: where, teachers: teachersWhere } = placements(config);
  // each asks runtimes in processes of their own
  const [placement, teacherPlacements, dataset] = await Promise.all([
    place(where, host, 'training'),
    Promise.all(teachersOf(config).map((teacher, i) => placeTeacher(teacher, teachersWhere[i]!, host))),
    openData(config, parts, dataDir),
  ]);
  const { augment, student, distillers, balance, optimizer, lr, groups, schedule, metrics } = parts;
  const { train } = config;
  const { keep, everyEpochs, everySteps } = train.checkpoint;
  return {
    student: {
      ...student,
      ...(config.student.weights && { weights: readWeightsFile(config.student.weights, config.student) }),
    },
    teachers: await Promise.all(
      teachersOf(config).map((teacher, i) =>
        composeTeacher(teacher, parts.teachers[i]!.model, teacherPlacements[i]!, dataset),
      ),
    ),
    distillers,
    ...(balance && { balance }),
    parts: host,
    data: { dataset, batchSize: config.data.batchSize, evalBatchSize: config.data.evalBatchSize, augment },
    optimizer,
    lr,
    groups,
    schedule,
    metrics,
    ...(config.task.weight === undefined ? {} : { taskWeight: config.task.weight }),
    epochs: train.epochs,
    seed: train.seed,
    evaluateEvery: train.evaluate.every,
    checkpoint: {
      everyEpochs,
      ...(everySteps === undefined ? {} : { everySteps }),
      keepLast: keep.last,
      keepBest: keep.best,
      ...(keep.everyEpochs === undefined ? {} : { keepEvery: keep.everyEpochs }),
    },
    ...(train.earlyStopping && { earlyStopping: train.earlyStopping }),
    placement,
    exporters: host
      .list('exporters')
      .filter(({ id }) => exportFormats.includes(id))
      .map(({ id }) => host.get('exporters', id)),
  };
}

async function composeTeacher(
  teacher: TeacherConfig,
  model: ModelChoice | undefined,
  placement: Placement,
  dataset: OpenDataset,
): Promise<TeacherSpec> {
  const { name, acceptChance, calibration, fidelity } = teacher;
  const settings = { placement, acceptChance, calibration, fidelity };
  return isFileTeacher(teacher)
    ? { name, foreign: await openFileTeacher(teacher, placement, dataset), ...settings }
    : { name, ...model!, weights: readWeightsFile(teacher.weights!, teacher), ...settings };
}

/** Opens the data set; a normalisation of the configuration takes the place of the data set's own. */
export async function openData(
  config: ResolvedConfig,
  { dataset }: RunParts,
  dataDir: string,
): Promise<OpenDataset> {
  const opened = await dataset.contribution.open(dataset.options, { dataDir });
  const { normalization } = config.data;
  return normalization === undefined ? opened : { ...opened, normalization };
}
