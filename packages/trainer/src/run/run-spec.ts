import type { Augmentation, Balancer, BatchTransform, Optimizer, Schedule, TargetKind } from '@limbeck/core';
import type { Exporter } from '@limbeck/core/backend';
import type { RunDataset, Sampling } from '@limbeck/data';
import type {
  Chosen,
  DistillerChoice,
  MetricChoice,
  ModelChoice,
  Parts,
  Placement,
  TaskChoice,
} from './choices.js';
import type { TeacherChoice, TeacherSpec } from './teacher-spec.js';
import type { UpdateRules } from './update-rules.js';
import type { Weights } from './weights.js';

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

/** The part of a run that models and distillers are traced from: enough for what is deployed. */
export interface ModelsSpec {
  readonly student: ModelChoice;
  /** None where the student trains alone; the first is the one distillers compare with where they name none. */
  readonly teachers: readonly TeacherChoice[];
  readonly distillers: readonly DistillerChoice[];
  /** Projectors and losses for distillers; the plugin host. */
  readonly parts: Parts;
  readonly data: {
    /** Images of a training step: N. What is deployed is traced for any number. */
    readonly batchSize: number;
    /** What the batches of training bring. Default class indices; a run that is prepared says what its data have. */
    readonly targets?: TargetKind;
    /** What mixes the images of samples, as messages call it; a run that is prepared says it. Default: nothing does. */
    readonly mixedBy?: string;
    readonly dataset: Pick<RunDataset, 'classes' | 'imageShape'> & {
      /** For distillers that remember samples. Default N: nothing that is deployed depends on it. */
      readonly train?: { readonly length: number };
    };
  };
}

/** The part of a run that its steps are traced from. */
export interface StudentSpec extends ModelsSpec, UpdateRules {
  // biome-ignore lint/suspicious/noExplicitAny: every optimiser brings an option type of its own
  readonly optimizer: Chosen<Optimizer<any>>;
  /** What is learnt from the targets. Default the cross-entropy. */
  readonly task?: TaskChoice;
  /** Weight of its loss; default what the distillers say, else 1. */
  readonly taskWeight?: number;
  /** Decides about the weights of all terms in every step of the main phase. Default: they are as configured. */
  // biome-ignore lint/suspicious/noExplicitAny: every balancer brings an option type of its own
  readonly balance?: Chosen<Balancer<any>>;
}

/** Everything a run consists of, found, checked and loaded. A configuration becomes one; code may write one directly. */
export interface RunSpec extends StudentSpec {
  /** With weights to start from, or fresh ones. */
  readonly student: ModelChoice & { readonly weights?: Weights };
  readonly teachers: readonly TeacherSpec[];
  readonly data: {
    readonly dataset: RunDataset;
    readonly batchSize: number;
    /** Default: what the training split has, or probabilities where batches are mixed. */
    readonly targets?: TargetKind;
    readonly mixedBy?: string;
    readonly evalBatchSize: number;
    // biome-ignore lint/suspicious/noExplicitAny: every augmentation brings an option type of its own
    readonly augment: readonly Chosen<Augmentation<any>>[];
    /** Changes to whole batches of training, in order. Default none. */
    // biome-ignore lint/suspicious/noExplicitAny: every batch transform brings an option type of its own
    readonly batchTransforms?: readonly Chosen<BatchTransform<any>>[] | undefined;
    /** Augmentation draws of a sample: epoch e uses draw e mod `views`. Absent: a new one every epoch. */
    readonly views?: number;
    /** How the samples of an epoch are chosen. Default: every one once, in shuffled order. */
    readonly sampling?: Sampling | undefined;
  };
  /** Learning rate before the schedule's factor. */
  readonly lr: number;
  // biome-ignore lint/suspicious/noExplicitAny: every schedule brings an option type of its own
  readonly schedule: Chosen<Schedule<any>>;
  /** At least one; the first decides what best means. */
  readonly metrics: readonly MetricChoice[];
  readonly epochs: number;
  /** Seeds everything that is drawn: initial weights, the order of samples, augmentation, negatives, images of calibration. */
  readonly seed: number;
  readonly evaluateEvery: number;
  /** Also measure the training split as it is: so many images, evenly spread, or all. Default: only the test split. */
  readonly evaluateTrain?: { readonly images?: number };
  readonly checkpoint: CheckpointPolicy;
  /** The epoch whose student a finished run writes: the last one, or the best by the first metric. Default `last`. */
  readonly deploy?: 'last' | 'best';
  /** Watches the first metric, or the one of that name. */
  readonly earlyStopping?: {
    /** Epochs without a better value before the run stops. */
    readonly patience: number;
    readonly minDelta: number;
    readonly metric?: string;
  };
  readonly placement: Placement;
  /** Formats the finished student is written in, besides safetensors. */
  // biome-ignore lint/suspicious/noExplicitAny: every exporter brings an option type of its own
  readonly exporters: readonly Chosen<Exporter<any>>[];
}
