import type { ErrorCode, MetricFormat } from '@limbeck/core';
import type {
  CacheFacts,
  DeployedCost,
  Fidelity,
  Int8Figures,
  LossValues,
  MetricValues,
  TeacherFacts,
} from './facts.js';
import type { ExportedEpoch } from './run-result.js';
import type { AverageSettings } from './update-rules.js';

/**
 * What a run says while it works. Plain JSON values, so that events cross threads, enter files and reach programs as they
 * are. Renderers, logs and metric files listen; nobody asks.
 */
export type RunEvent =
  | {
      readonly type: 'start';
      readonly folder: string;
      readonly student: { readonly id: string; readonly parameters: number };
      readonly teachers: readonly TeacherFacts[];
      /** Of the main phase. */
      readonly epochs: number;
      /** Phases before the main one, in order; absent where there are none. */
      readonly initial?: readonly {
        /** The distiller it belongs to. */
        readonly phase: string;
        readonly epochs: number;
        /** Weight of every loss term in it. */
        readonly weights: Readonly<Record<string, number>>;
      }[];
      readonly stepsPerEpoch: number;
      readonly batchSize: number;
      /** Batches of an optimiser step, where there are several. */
      readonly batchesPerStep?: number;
      /** The average of the weights that is kept; absent where none is. */
      readonly ema?: AverageSettings;
      readonly seed: number;
      /** Weight of every loss term. */
      readonly weights: Readonly<Record<string, number>>;
      /** What is measured, by name, and how values of it are shown; the first decides what is best. */
      readonly metrics: Readonly<Record<string, MetricFormat>>;
      readonly backend: string;
    }
  | {
      readonly type: 'resume';
      readonly checkpoint: string;
      readonly epoch: number;
      readonly step: number /** Epochs it was started for, where it now goes on for more. */;
      readonly extendedFrom?: number;
    }
  | {
      /** Weights of a model were read in a way that is worth a line. */
      readonly type: 'weights';
      /** The model, as messages call it: `teacher 'resnet32x4'`. */
      readonly model: string;
      /** The file. */
      readonly source: string;
      /** The entry that was taken, whose names they are, what was left out or drawn. */
      readonly notes: readonly string[];
    }
  | { readonly type: 'compiled'; readonly program: string; readonly seconds: number; readonly nodes: number }
  | {
      /** A teacher in int8 is calibrated; only where ranges are kept from run to run. */
      readonly type: 'calibration';
      /** Name of the teacher. */
      readonly teacher: string;
      /** Found in this run, or by one before it and read back. */
      readonly ranges: 'measured' | 'kept';
      /** The file they are kept in. */
      readonly path: string;
    }
  | ({
      readonly type: 'fidelity';
      /** Name of the teacher. */
      readonly teacher: string;
      readonly precision: 'int8';
      readonly seconds: number;
    } & Fidelity)
  | {
      readonly type: 'teacher';
      /** Its name. */
      readonly teacher: string;
      readonly metrics: MetricValues;
      readonly samples: number;
      readonly seconds: number;
    }
  | {
      /** What metrics look at of a teacher has been computed for a split, once for the whole session. */
      readonly type: 'teacher-features';
      /** Its name. */
      readonly teacher: string;
      readonly split: 'test' | 'train';
      /** Tap names and layer paths. */
      readonly features: readonly string[];
      readonly samples: number;
      /** That are kept in memory. */
      readonly bytes: number;
      readonly seconds: number;
    }
  | ({
      /** What the cache of a teacher holds, before anything is written. */
      readonly type: 'cache';
      readonly teacher: string;
    } & CacheFacts)
  | {
      /** A cache is being filled. */
      readonly type: 'cache-fill';
      readonly teacher: string;
      /** Images asked about so far, of those that are missing; each counts once for every draw. */
      readonly done: number;
      readonly total: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'cache-filled';
      readonly teacher: string;
      readonly records: number;
      readonly bytes: number;
      readonly seconds: number;
    }
  | {
      /** A teacher looks at the training images for what distillers have to know before training. */
      readonly type: 'prepare';
      readonly teacher: string;
      /** `class-means of norm-direction`. */
      readonly preparations: readonly string[];
      /** Images looked at so far. */
      readonly done: number;
      readonly total: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      /** What a distiller has to know before training is there. */
      readonly type: 'prepared';
      readonly teacher: string;
      /** `class-means of norm-direction`. */
      readonly preparation: string;
      /** Shapes by name. */
      readonly tensors: Readonly<Record<string, readonly number[]>>;
      /** Computed in this run, or by one before it and read back. */
      readonly source: 'computed' | 'kept';
      /** Of computing the tensors once every image was looked at; absent where they were kept. */
      readonly seconds?: number;
      /** The file they are kept in; absent where they are not kept from run to run. */
      readonly path?: string;
    }
  | {
      /** A phase begins, or goes on after a stop; only in runs that have more than one. */
      readonly type: 'phase';
      /** The distiller whose initial phase it is; absent for the main phase. */
      readonly phase?: string;
      readonly epochs: number;
    }
  | {
      readonly type: 'step';
      /** Distiller whose initial phase runs; absent in the main phase. */
      readonly phase?: string;
      /** Counts from 1 in every phase. */
      readonly epoch: number;
      /** Steps done in this epoch. */
      readonly stepInEpoch: number;
      /** Steps done in the run. */
      readonly step: number;
      readonly lr: number;
      /** Of this step. */
      readonly losses: LossValues;
      /** Weights of the terms in this step whose weights change; absent where none does. */
      readonly weights?: Readonly<Record<string, number>>;
      /** Share of right predictions in the epoch so far; absent in initial phases. */
      readonly accuracy?: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'epoch';
      /** Distiller whose initial phase runs; absent in the main phase. */
      readonly phase?: string;
      readonly epoch: number;
      readonly step: number;
      readonly lr: number;
      /** Means over the epoch. */
      readonly losses: LossValues;
      /** Mean weights over the epoch of the terms whose weights change; absent where none does. */
      readonly weights?: Readonly<Record<string, number>>;
      /** Share of right predictions over the epoch, on augmented images, in training mode; absent in initial phases. */
      readonly accuracy?: number;
      /** On the test split; absent in epochs without evaluation, and in initial phases. */
      readonly test?: MetricValues;
      /** The same on the training split as it is, where that is measured too. */
      readonly train?: MetricValues;
      /** True where the first metric is the best so far. */
      readonly best?: boolean;
      readonly imagesPerSecond: number;
      readonly seconds: number;
    }
  | { readonly type: 'checkpoint'; readonly path: string; readonly step: number; readonly best: boolean }
  | { readonly type: 'warning'; readonly code: ErrorCode; readonly message: string; readonly hint?: string }
  | { readonly type: 'early-stop'; readonly epoch: number; readonly reason: string }
  | { readonly type: 'interrupted'; readonly step: number; readonly checkpoint: string }
  | {
      readonly type: 'finish';
      readonly folder: string;
      readonly epochs: number;
      readonly last: MetricValues;
      readonly best: MetricValues & { readonly epoch: number };
      /** Which epoch's student was written. */
      readonly exported: ExportedEpoch;
      /** What answering an image takes, where more than the student is deployed. */
      readonly deployed?: DeployedCost;
      /** Files in int8 beside float32, by kind. */
      readonly int8?: Readonly<Record<string, Int8Figures>>;
      /** Paths of what was written, by kind: `safetensors`, `onnx` ... */
      readonly files: Readonly<Record<string, string>>;
      readonly seconds: number;
    };

/** Hears every event of a run; must not throw. */
export type RunListener = (event: RunEvent) => void;

/** Every type of event. */
export type EventType = RunEvent['type'];

/** The events of a type. */
export type EventOf<T extends EventType> = RunEvent & { readonly type: T };
