import type { Calibration } from '@limbeck/core/backend';
import type { ModelChoice, Placement } from './choices.js';
import type { ForeignModel } from './foreign-model.js';
import type { Weights } from './weights.js';

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

/** Element types a feature can be kept in. */
export type CacheDtype = 'float32' | 'float16' | 'int8';

/** What is told apart: maps are large and forgiving, logits small and not. */
export type FeatureKind = 'maps' | 'vectors' | 'logits';

/** How the outputs of a teacher are kept. */
export interface CachePrecision {
  /** One for all, or by kind of feature: maps [C, H, W], vectors [D], and the logits. Default float32. */
  readonly dtype: CacheDtype | Readonly<Partial<Record<FeatureKind, CacheDtype>>>;
  /** Keep so many logits of a sample one by one and the sum of the others; default all. */
  readonly topLogits?: number;
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
  /** Folder where what distillers prepare of it is kept for later runs. Absent: it is computed in every run. */
  readonly preparedFolder?: string;
}

/** A backbone as teacher, by its name. */
export interface BackboneChoice extends ModelChoice {
  readonly name: string;
}

/** A model from a file as teacher, by its name. */
export interface ForeignChoice {
  readonly name: string;
  readonly foreign: ForeignModel;
}

/** A teacher that programs are planned for. */
export type TeacherChoice = BackboneChoice | ForeignChoice;

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
