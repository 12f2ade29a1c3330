import type { DeployedCost, Fidelity, Int8Figures, MetricValues } from './facts.js';

/** What was found out about a teacher before training. */
export interface TeacherResult {
  /** On the test split. */
  readonly metrics?: MetricValues | undefined;
  /** How true it was to itself in float32, where it computed in int8. */
  readonly fidelity?: Fidelity | undefined;
}

/** The epoch whose student a run's files hold. */
export interface ExportedEpoch {
  readonly epoch: number;
  /** Which of the two `train.deploy` names. */
  readonly as: 'last' | 'best';
  /** The split it was measured on, and the best epoch chosen by. */
  readonly split: string;
  /** What was measured there. */
  readonly metrics: MetricValues;
  /** The student of the other one, as weights; absent where both are the same epoch, or its checkpoint is not kept. */
  readonly other?: { readonly epoch: number; readonly as: 'last' | 'best'; readonly file: string };
}

/** What came of a run; `result.json` holds the same. */
export interface RunResult {
  readonly folder: string;
  /** Of the project. */
  readonly version: string;
  readonly student: { readonly id: string; readonly parameters: number };
  /** True where the exported student holds the averaged weights, which were evaluated and chose the best epoch. */
  readonly averaged?: boolean;
  /** What answering an image takes, where more than the student is deployed. */
  readonly deployed?: DeployedCost;
  /** Epochs and steps done. */
  readonly epochs: number;
  readonly steps: number;
  /** Why it stopped before its last epoch. */
  readonly stopped?: string;
  /** The teachers by name. */
  readonly teachers: Readonly<Record<string, TeacherResult>>;
  /** The student of the last epoch on the evaluated split. */
  readonly last: MetricValues;
  /** The best evaluation by the first metric, and its epoch; its checkpoint is kept under `checkpoint.keep.best`. */
  readonly best: MetricValues & { readonly epoch: number };
  /** Which epoch's student was written. */
  readonly exported: ExportedEpoch;
  /** Files in int8 beside float32, by kind; absent where there are none. */
  readonly int8?: Readonly<Record<string, Int8Figures>>;
  /** Paths of what was written, by kind: `safetensors`, `onnx` ... */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}
