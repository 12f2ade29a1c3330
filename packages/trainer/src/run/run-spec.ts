import type { Augmentation, Balancer, BatchTransform, Optimizer, Schedule, TargetKind } from '@limbeck/core';
import type { Exporter } from '@limbeck/core/backend';
import type { DataSettings, TrainSettings } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import type {
  Chosen,
  DistillerChoice,
  MetricChoice,
  ModelChoice,
  Parts,
  Placement,
  TaskChoice,
} from './choices.js';
import type { ExportForm } from './export-form.js';
import type { TeacherChoice, TeacherSpec } from './teacher-spec.js';
import type { UpdateRules } from './update-rules.js';
import type { Weights } from './weights.js';

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

/** A file that the finished student is written to. */
// biome-ignore lint/suspicious/noExplicitAny: every exporter brings an option type of its own
export interface ExporterChoice extends Chosen<Exporter<any>>, ExportForm {
  /** Of the file, without its ending. Default `student`. */
  readonly name?: string | undefined;
  /** `int8` needs {@link RunSpec.loader}. Default float32. */
  readonly precision?: 'float32' | 'int8' | undefined;
  /** Points of top-1 that int8 may cost. Default 1. */
  readonly maxDrop?: number | undefined;
  /** Training images that int8 is calibrated on. Default 512. */
  readonly calibrationImages?: number | undefined;
}

/**
 * Everything a run consists of, found, checked and loaded. A configuration becomes one; code may write one directly. What of it is
 * a setting has the type, the documentation and, in a configuration, the default that the schema gives it.
 */
export interface RunSpec extends Omit<StudentSpec, keyof TrainSettings>, TrainSettings {
  /** With weights to start from, or fresh ones. */
  readonly student: ModelChoice & { readonly weights?: Weights };
  readonly teachers: readonly TeacherSpec[];
  readonly data: RunData;
  // biome-ignore lint/suspicious/noExplicitAny: every schedule brings an option type of its own
  readonly schedule: Chosen<Schedule<any>>;
  /** At least one; the first decides what best means. */
  readonly metrics: readonly MetricChoice[];
  readonly placement: Placement;
  /** Formats the finished student is written in, besides safetensors. */
  readonly exporters: readonly ExporterChoice[];
  /** Runs exported files, to measure those in int8. Default: none is exported. */
  readonly loader?: Placement | undefined;
  /** Licence of what the run makes, which its files say. Default: they say nothing. */
  readonly license?: string | undefined;
}

type BatchSizes = 'batchSize' | 'evalBatchSize';

/** The data of a run, ready to be read, with the settings that its steps and its identity need. */
export interface RunData extends Partial<Omit<DataSettings, BatchSizes>>, Pick<DataSettings, BatchSizes> {
  readonly dataset: RunDataset;
  /** Default: what the training split has, or probabilities where batches are mixed. */
  readonly targets?: TargetKind;
  readonly mixedBy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: every augmentation brings an option type of its own
  readonly augment: readonly Chosen<Augmentation<any>>[];
  /** Changes to whole batches of training, in order. Default none. */
  // biome-ignore lint/suspicious/noExplicitAny: every batch transform brings an option type of its own
  readonly batchTransforms?: readonly Chosen<BatchTransform<any>>[] | undefined;
}
