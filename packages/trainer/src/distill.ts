import {
  type ComputeBackend,
  createHost,
  defaultTeacherName,
  type Exporter,
  type Host,
  type OpenDataset,
  type Plugin,
  type Use,
  type UseObject,
} from '@limbeck/core';
import type { ParameterGroup } from '@limbeck/nn';
import { openForeignModel } from './execute/foreign/foreign-model.js';
import { readModelFile } from './execute/foreign/read-model-file.js';
import type { DistillerChoice, MetricChoice, Placement } from './run/choices.js';
import type { ForeignDeclaration, InputDeclaration, TapDeclaration } from './run/foreign-model.js';
import type { RunResult } from './run/run-result.js';
import type { CheckpointPolicy, RunSpec } from './run/run-spec.js';
import type {
  FidelityBound,
  TeacherCacheSpec,
  TeacherCalibration,
  TeacherSettings,
  TeacherSpec,
} from './run/teacher-spec.js';
import type { Weights } from './run/weights.js';
import { standardTraining } from './standard/plugin.js';
import { type TrainOptions, train } from './train/loop.js';

/** A teacher as code writes it: a backbone with weights, or a model from a file. */
export type DistillTeacher = DistillTeacherSettings & (DistillBackbone | DistillFile);

/** A backbone as teacher. */
export interface DistillBackbone {
  readonly model: Use;
  readonly weights: Weights;
}

/** A model from a file as teacher; what has to be said about it is in {@link ForeignDeclaration}. */
export interface DistillFile {
  /** Its path. */
  readonly onnx: string;
  /** Names of tensors by tap. Default none. */
  readonly taps?: Readonly<Record<string, string | TapDeclaration>>;
  /** Default: the only output of the file. */
  readonly logits?: string;
  /** Default: images [N, C, H, W] as the data set normalises them. */
  readonly input?: Partial<InputDeclaration>;
}

/** What may be said about any teacher. */
export interface DistillTeacherSettings {
  /** Default `teacher`. */
  readonly name?: string;
  /** Default: where the student runs. */
  readonly backend?: ComputeBackend | Placement;
  /** Go on even where it is no better than guessing. Default false. */
  readonly acceptChance?: boolean;
  /** For precision int8. Default: smallest and largest values over 512 images; 99.99 for `percentile`. */
  readonly calibration?: Partial<TeacherCalibration>;
  /** For precision int8. Default: the same prediction for 98 % of 640 images, mean cosines of 0.99, else stop. */
  readonly fidelity?: Partial<FidelityBound>;
  /** What it gives is computed once and kept there, in float32 unless `dtype` says otherwise. Default: not kept. */
  readonly cache?: Omit<TeacherCacheSpec, 'dtype'> & Partial<Pick<TeacherCacheSpec, 'dtype'>>;
}

/** A distillation as code writes it: parts by their ids, with their options beside `use`. */
export interface DistillOptions extends TrainOptions {
  /** Where the parts come from; optimisers, schedules, metrics and augmentations of this package are always there. */
  readonly plugins: readonly Plugin[];
  readonly dataset: OpenDataset;
  /** Runs everything; with a device and a precision, or alone. */
  readonly backend: ComputeBackend | Placement;
  readonly student: Use;
  /** To start from; default fresh ones. */
  readonly studentWeights?: Weights;
  /** Left out where the student trains alone; several have names of their own. */
  readonly teacher?: DistillTeacher | readonly DistillTeacher[];
  /**
   * Default none. Beside `use` and the options, `schedule` gives the course of its terms' weights, and with several
   * teachers `teacher` names the one to compare with; default the first.
   */
  readonly distillers?: readonly Use[];
  readonly epochs: number;
  /** Default 64. */
  readonly batchSize?: number;
  /** Default 100. */
  readonly evalBatchSize?: number;
  /** Default none. */
  readonly augment?: readonly Use[];
  /** Augmentation draws of an image: epoch e uses draw e mod `views`. Default: a new one every epoch, or what a cache says. */
  readonly views?: number;
  /** Default SGD with Nesterov momentum 0.9 and weight decay 5e-4. */
  readonly optimizer?: Use;
  /** Default 0.05. */
  readonly lr?: number;
  readonly groups?: readonly ParameterGroup[];
  /** Default cosine, down to 0. */
  readonly schedule?: Use;
  /**
   * The first decides which epoch is best. Default top-1 and mean negative log-likelihood. Beside `use` and the options,
   * `name` says what the values are called, and with several teachers `teacher` names the one to compare with.
   */
  readonly metrics?: readonly Use[];
  /** Of the cross-entropy; default what the distillers say, else 1. */
  readonly taskWeight?: number;
  /** What decides in every step how much each term counts. Default: the weights stay as configured. */
  readonly balance?: Use;
  /** Default 0. */
  readonly seed?: number;
  /** Epochs. Default 1. */
  readonly evaluateEvery?: number;
  /** Also measure the training split as it is: so many images, evenly spread, or all. Default: only the test split. */
  readonly evaluateTrain?: RunSpec['evaluateTrain'];
  /** Default: each epoch, and keep the best. */
  readonly checkpoint?: CheckpointPolicy;
  /** Default: no early stopping. */
  readonly earlyStopping?: RunSpec['earlyStopping'];
  /** Formats besides safetensors. Default none. */
  readonly exporters?: readonly Exporter[];
}

/**
 * Distils a student, from code.
 *
 * @example
 * const result = await distill({
 *   plugins: [resnets, projectors, projectorEnsemble],
 *   dataset: await fashionMnist.open({}, { dataDir: 'data' }),
 *   backend: onnxBackend,
 *   teacher: { model: 'resnet14x4', weights: readWeightsFile('teacher.safetensors') },
 *   student: 'resnet8',
 *   distillers: [{ use: 'projector-ensemble', weight: 25 }],
 *   augment: [{ use: 'pad-crop', pad: 2 }, 'flip'],
 *   epochs: 6,
 *   folder: 'runs/ensemble',
 * });
 * console.log(result.last.top1, result.files.safetensors);
 *
 * @throws LimbeckError as {@link train} does, and for parts no plugin brings
 */
export async function distill(options: DistillOptions): Promise<RunResult> {
  const entries = [standardTraining, ...options.plugins].map((plugin) => ({ plugin, origin: plugin.name }));
  const host = await createHost({ plugins: entries });
  try {
    const { folder, resume, record, onEvent, stop } = options;
    return await train(await specFrom(host, options), { folder, resume, record, onEvent, stop });
  } finally {
    await host.dispose();
  }
}

/** Finds the parts and fills in the defaults. */
async function specFrom(host: Host, options: DistillOptions): Promise<RunSpec> {
  const placement = placementOf(options.backend);
  const teachers = options.teacher === undefined ? [] : [options.teacher].flat();
  const model = (use: Use, path: string) => {
    const { contribution, options: own } = host.use('backbones', use, { path });
    return { backbone: contribution, options: own };
  };
  return {
    student: { ...model(options.student, 'student'), weights: options.studentWeights },
    teachers: await Promise.all(
      teachers.map((teacher: DistillTeacher) => teacherOf(teacher, host, { placement, options })),
    ),
    distillers: (options.distillers ?? []).map((use) => distillerOf(host, use)),
    parts: host,
    data: {
      dataset: options.dataset,
      batchSize: options.batchSize ?? 64,
      evalBatchSize: options.evalBatchSize ?? 100,
      augment: (options.augment ?? []).map((use) => host.use('augmentations', use, { path: 'augment' })),
      views: options.views,
    },
    optimizer: host.use('optimizers', options.optimizer ?? defaultOptimizer, { path: 'optimizer' }),
    lr: options.lr ?? 0.05,
    groups: options.groups,
    schedule: host.use('schedules', options.schedule ?? 'cosine', { path: 'schedule' }),
    metrics: (options.metrics ?? ['top1', 'nll']).map((use) => metricOf(host, use)),
    taskWeight: options.taskWeight,
    balance:
      options.balance === undefined ? undefined : host.use('balancers', options.balance, { path: 'balance' }),
    epochs: options.epochs,
    seed: options.seed ?? 0,
    evaluateEvery: options.evaluateEvery ?? 1,
    ...(options.evaluateTrain && { evaluateTrain: options.evaluateTrain }),
    checkpoint: options.checkpoint ?? { everyEpochs: 1, keepBest: true },
    earlyStopping: options.earlyStopping,
    placement,
    exporters: options.exporters ?? [],
  };
}

async function teacherOf(
  teacher: DistillTeacher,
  host: Host,
  { placement: studentPlacement, options }: { placement: Placement; options: DistillOptions },
): Promise<TeacherSpec> {
  const placement = teacher.backend === undefined ? studentPlacement : placementOf(teacher.backend);
  const settings: TeacherSettings & { readonly name: string } = {
    name: teacher.name ?? defaultTeacherName,
    placement,
    acceptChance: teacher.acceptChance ?? false,
    calibration: { images: 512, method: 'min-max', percentile: 99.99, ...teacher.calibration },
    fidelity: { images: 640, agreement: 0.98, cosine: 0.99, accept: false, ...teacher.fidelity },
    ...(teacher.cache && { cache: { dtype: 'float32', ...teacher.cache } }),
  };
  if ('onnx' in teacher) {
    const { onnx: source, taps = {}, logits, input } = teacher;
    const declaration: ForeignDeclaration = {
      taps: Object.fromEntries(
        Object.entries(taps).map(([tap, tensor]) => [
          tap,
          typeof tensor === 'string' ? { tensor, layout: 'NCHW' } : tensor,
        ]),
      ),
      logits,
      input: { layout: 'NCHW', scale: 1, ...input },
    };
    const foreign = await openForeignModel(readModelFile(source), {
      source,
      declaration,
      placement,
      ...options.dataset,
    });
    return { ...settings, foreign };
  }
  const { contribution: backbone, options: own } = host.use('backbones', teacher.model, {
    path: 'teacher.model',
  });
  return { ...settings, backbone, options: own, weights: teacher.weights };
}

/** The run's own keys beside the options say whom the distiller compares with, and how its weights change. */
function distillerOf(host: Host, use: Use): DistillerChoice {
  const { teacher, schedule, ...rest } = typeof use === 'string' ? { use } : use;
  const own = { path: 'distillers', own: ['teacher', 'schedule'] };
  const { contribution: distiller, options } = host.use('distillers', rest as UseObject, own);
  const course = (wanted: Use) => host.use('schedules', wanted, { path: 'distillers.schedule' });
  return {
    distiller,
    options,
    ...(teacher === undefined ? {} : { teacher: String(teacher) }),
    ...(schedule === undefined ? {} : { schedule: course(schedule as Use) }),
  };
}

/** The run's own keys beside the options say what its values are called, and which teacher it compares with. */
function metricOf(host: Host, use: Use): MetricChoice {
  const { name, teacher, ...rest } = typeof use === 'string' ? { use } : use;
  const { contribution, options } = host.use('metrics', rest as UseObject, {
    path: 'metrics',
    own: ['name', 'teacher'],
  });
  return {
    contribution,
    options,
    ...(name === undefined ? {} : { name: String(name) }),
    ...(teacher === undefined ? {} : { teacher: String(teacher) }),
  };
}

const defaultOptimizer: Use = { use: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 };

const placementOf = (backend: ComputeBackend | Placement): Placement =>
  'backend' in backend ? backend : { backend };
