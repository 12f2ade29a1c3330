import type {
  Augmentation,
  Balancer,
  Calibration,
  ComputeBackend,
  Device,
  Exporter,
  Metric,
  OpenDataset,
  Optimizer,
  Precision,
  Schedule,
} from '@limbeck/core';
import type { ParameterGroup } from '@limbeck/nn';
import type { CachePrecision } from '../execute/teacher-cache/layout.js';
import type { DistillerChoice, Parts } from '../programs/distillation.js';
import type { BackboneChoice, ForeignChoice } from '../programs/plan-teachers.js';
import type { ModelChoice } from '../programs/traced-model.js';
import type { Weights } from '../weights/read.js';

/** A contribution with its checked options. */
export interface Chosen<T> {
  readonly contribution: T;
  readonly options: unknown;
}

/** A metric of a run. */
// biome-ignore lint/suspicious/noExplicitAny: every metric brings an option type of its own
export interface MetricChoice extends Chosen<Metric<any>> {
  /** What its values are called. Default its id. */
  readonly name?: string;
  /** Name of the teacher it compares with. Default the first one. */
  readonly teacher?: string;
}

/** What the values of a metric are called. */
export const metricName = ({ name, contribution }: MetricChoice): string => name ?? contribution.id;

/** Where a program runs. */
export interface Placement {
  readonly backend: ComputeBackend;
  readonly device?: Device;
  readonly precision?: Precision;
  readonly threads?: number;
}

/** How the ranges of a teacher in int8 are found: from the first training images of an order drawn from the seed, as they are. */
export interface TeacherCalibration {
  /** Rounded up to whole batches; at most those of an epoch. */
  readonly images: number;
  readonly method: NonNullable<Calibration['method']>;
  /** Share of values kept by `percentile`, in per cent. */
  readonly percentile: number;
  /** Default float32. */
  readonly firstConvolution?: NonNullable<Calibration['firstConvolution']>;
  /** Default float32. */
  readonly classifier?: NonNullable<Calibration['classifier']>;
  /** Folder where ranges are kept for this run and others. Absent: they are measured every time. */
  readonly folder?: string;
}

/** What a teacher in int8 is measured by before training; where it is less, the run stops. */
export interface FidelityBound {
  /** Images of the test split, rounded up to whole batches. */
  readonly images: number;
  /** Least share of images with the same prediction. */
  readonly agreement: number;
  /** Least mean cosine, of every output that is used. */
  readonly cosine: number;
  /** Warn and go on below the bounds. */
  readonly accept: boolean;
}

/** When checkpoints are written and which are kept. The two latest are always kept: one may turn out torn. */
export interface CheckpointPolicy {
  /** A checkpoint after every so many epochs. */
  readonly everyEpochs: number;
  /** And after every so many steps inside an epoch. */
  readonly everySteps?: number;
  /** So many of the latest are kept; 2 where less or nothing is said. */
  readonly keepLast?: number;
  /** Keep the best one by the first metric. */
  readonly keepBest: boolean;
  /** Keep every n-th epoch's for good. */
  readonly keepEvery?: number;
}

/** What a teacher gives is computed once for every training sample, and read back from disk from then on. */
export interface TeacherCacheSpec extends CachePrecision {
  /** As `views` of the data, which it stands for. */
  readonly views?: number;
  /** Folder of caches: each has one of its own inside, named by what it depends on. */
  readonly folder: string;
}

/** What a run says about a teacher, whatever computes it. */
export interface TeacherSettings {
  readonly placement: Placement;
  /** Go on even where the teacher is no better than chance. */
  readonly acceptChance: boolean;
  /** How its ranges are found where it computes in int8. */
  readonly calibration: TeacherCalibration;
  /** How true to its float32 self it has to be where it computes in int8. */
  readonly fidelity: FidelityBound;
  /** Absent: it is asked in every step. */
  readonly cache?: TeacherCacheSpec;
}

/** A frozen model the student learns from: a backbone with weights, or a model from a file. */
export type TeacherSpec = TeacherSettings &
  (
    | (BackboneChoice & {
        /** Under published names, as {@link readWeightsFile} gives them. */
        readonly weights: Weights;
      })
    | ForeignChoice
  );

/** Where a teacher's numbers come from, as messages say it. */
export const sourceOf = (teacher: TeacherSpec): string =>
  'foreign' in teacher ? teacher.foreign.source : teacher.weights.source;

/** Everything a run consists of, found, checked and loaded. A configuration becomes one; code may write one directly. */
export interface RunSpec {
  /** With weights to start from, or fresh ones. */
  readonly student: ModelChoice & { readonly weights?: Weights };
  /** None where the student trains alone; the first is the one distillers compare with where they name none. */
  readonly teachers: readonly TeacherSpec[];
  readonly distillers: readonly DistillerChoice[];
  /** Projectors and losses for distillers; the plugin host. */
  readonly parts: Parts;
  readonly data: {
    readonly dataset: OpenDataset;
    readonly batchSize: number;
    readonly evalBatchSize: number;
    // biome-ignore lint/suspicious/noExplicitAny: every augmentation brings an option type of its own
    readonly augment: readonly Chosen<Augmentation<any>>[];
    /** Augmentation draws of a sample: epoch e uses draw e mod `views`. Absent: a new one every epoch. */
    readonly views?: number;
  };
  // biome-ignore lint/suspicious/noExplicitAny: every optimiser brings an option type of its own
  readonly optimizer: Chosen<Optimizer<any>>;
  /** Learning rate before the schedule's factor. */
  readonly lr: number;
  readonly groups?: readonly ParameterGroup[];
  // biome-ignore lint/suspicious/noExplicitAny: every schedule brings an option type of its own
  readonly schedule: Chosen<Schedule<any>>;
  /** At least one; the first decides what best means. */
  readonly metrics: readonly MetricChoice[];
  /** Weight of the cross-entropy; default what the distillers say, else 1. */
  readonly taskWeight?: number;
  /** Decides about the weights of all terms in every step. Default: they are as configured. */
  // biome-ignore lint/suspicious/noExplicitAny: every balancer brings an option type of its own
  readonly balance?: Chosen<Balancer<any>>;
  readonly epochs: number;
  /** Seeds everything that is drawn: initial weights, the order of samples, augmentation, negatives, images of calibration. */
  readonly seed: number;
  readonly evaluateEvery: number;
  /** Also measure the training split as it is: so many images, evenly spread, or all. Default: only the test split. */
  readonly evaluateTrain?: { readonly images?: number };
  readonly checkpoint: CheckpointPolicy;
  /** Watches the first metric, or the one of that name. */
  readonly earlyStopping?: {
    readonly patience: number;
    readonly minDelta: number;
    readonly metric?: string;
  };
  readonly placement: Placement;
  /** Formats the finished student is written in, besides safetensors. */
  readonly exporters: readonly Exporter[];
}
