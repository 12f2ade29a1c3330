import type { CalibrationSettings, FidelitySettings, TeacherCacheSettings } from '@limbeck/core/host';
import type { ModelChoice, Placement } from './choices.js';
import type { ForeignModel } from './foreign-model.js';
import type { Weights } from './weights.js';

/** Element types a feature can be kept in. */
export type CacheDtype = Extract<TeacherCacheSettings['dtype'], string>;

/** What is told apart: maps are large and forgiving, logits small and not. */
export type FeatureKind = keyof Exclude<TeacherCacheSettings['dtype'], string>;

/** How the outputs of a teacher are kept. */
export type CachePrecision = Pick<TeacherCacheSettings, 'dtype' | 'logits'>;

/** What a teacher gives is computed once for every training sample, and read back from disk from then on. */
export interface TeacherCacheSpec extends TeacherCacheSettings {
  /** Folder of caches: each has one of its own inside, named by what it depends on. */
  readonly dir: string;
}

/** What a run says about a teacher, whatever computes it. */
export interface TeacherSettings {
  readonly placement: Placement;
  /** Go on even where the teacher is no better than chance. */
  readonly acceptChance: boolean;
  /** How its ranges are found where it computes in int8. Without a folder they are measured every time. */
  readonly calibration: CalibrationSettings;
  /** How true to its float32 self it has to be where it computes in int8. */
  readonly fidelity: FidelitySettings;
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
