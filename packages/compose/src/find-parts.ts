import type { Dataset, UseObject } from '@limbeck/core';
import {
  distillersOf,
  type Host,
  isFileTeacher,
  placedUse,
  type ResolvedConfig,
  type TrainSettings,
  teachersOf,
} from '@limbeck/core/host';
import type { Chosen, ModelChoice, RunSpec, StudentSpec } from '@limbeck/trainer';

/**
 * The part of a run that is found among the plugins, with checked options; no file has been opened. What a specification
 * adds are places, data and weights.
 */
export interface RunParts
  extends Omit<StudentSpec, 'teachers' | 'data' | keyof TrainSettings>,
    Pick<RunSpec, 'schedule' | 'metrics'> {
  // biome-ignore lint/suspicious/noExplicitAny: every data set brings an option type of its own
  readonly dataset: Chosen<Dataset<any>>;
  readonly augment: RunSpec['data']['augment'];
  /** Changes to images that are evaluated. */
  readonly evaluation: RunSpec['data']['augment'];
  readonly batchTransforms: NonNullable<RunSpec['data']['batchTransforms']>;
  /** In order; without a model where that is in a file of its own. */
  readonly teachers: readonly { readonly name: string; readonly model?: ModelChoice }[];
}

/**
 * Finds the data set of a run and the changes to its images.
 *
 * @throws LimbeckError UNKNOWN_ID, UNKNOWN_OPTION, CONFIG_INVALID
 */
export function findData(
  { data }: Pick<ResolvedConfig, 'data'>,
  host: Pick<Host, 'use'>,
): Pick<RunParts, 'dataset' | 'augment' | 'evaluation'> {
  const dataset = placedUse('data', data);
  return {
    dataset: host.use('datasets', dataset.use, dataset),
    augment: data.augment.map((use, i) => {
      const placed = placedUse('data.augment.*', use, i);
      return host.use('augmentations', placed.use, placed);
    }),
    evaluation: data.evaluation.map((use, i) => {
      const placed = placedUse('data.evaluation.*', use, i);
      return host.use('augmentations', placed.use, placed);
    }),
  };
}

/**
 * Finds every part of a run.
 *
 * @throws LimbeckError UNKNOWN_ID, UNKNOWN_OPTION, CONFIG_INVALID
 */
export function findParts(config: ResolvedConfig, host: Pick<Host, 'use'>): RunParts {
  const { data, task, train } = config;
  const model = (path: 'student' | 'teacher' | 'teacher.*', use: UseObject, index?: number): ModelChoice => {
    const placed = placedUse(path, use, index);
    const { contribution: backbone, options } = host.use('backbones', placed.use, placed);
    return { backbone, options };
  };
  const update = placedUse('train.optimizer', train.optimizer);
  const course = placedUse('train.schedule', train.schedule);
  const learnt = placedUse('task', task);
  const balance = task.balance && placedUse('task.balance', task.balance);
  return {
    ...findData(config, host),
    batchTransforms: data.batchTransforms.map((use, i) => {
      const placed = placedUse('data.batchTransforms.*', use, i);
      return host.use('batchTransforms', placed.use, placed);
    }),
    student: model('student', config.student),
    teachers: teachersOf(config).map((teacher, i) => {
      const { name } = teacher;
      if (isFileTeacher(teacher)) return { name };
      return { name, model: model(Array.isArray(config.teacher) ? 'teacher.*' : 'teacher', teacher, i) };
    }),
    distillers: findDistillers(config, host),
    parts: host,
    task: host.use('tasks', learnt.use, learnt),
    taskWeight: task.weight,
    balance: balance && host.use('balancers', balance.use, balance),
    optimizer: host.use('optimizers', update.use, update),
    transforms: train.transforms.map((use, i) => {
      const placed = placedUse('train.transforms.*', use, i);
      return host.use('gradientTransforms', placed.use, placed);
    }),
    schedule: host.use('schedules', course.use, course),
    metrics: train.evaluate.metrics.map((use, i) => {
      const placed = placedUse('train.evaluate.metrics.*', use, i);
      return { ...host.use('metrics', placed.use, placed), name: use.name, teacher: use.teacher };
    }),
  };
}

function findDistillers(config: ResolvedConfig, host: Pick<Host, 'use'>): RunParts['distillers'] {
  const place = Array.isArray(config.distiller) ? 'distiller.*' : 'distiller';
  return distillersOf(config).map(({ schedule, ...use }, i) => {
    const placed = placedUse(place, use, i);
    const course = schedule && placedUse(`${place}.schedule`, schedule, i);
    const { contribution: distiller, options } = host.use('distillers', placed.use, placed);
    return {
      distiller,
      options,
      teacher: use.teacher,
      schedule: course && host.use('schedules', course.use, course),
    };
  });
}
