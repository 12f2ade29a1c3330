import type { DeployedCost, Fidelity, MetricValues } from './facts.js';

/** What was found out about a teacher before training. */
export interface TeacherResult {
  /** On the test split. */
  readonly metrics?: MetricValues | undefined;
  /** How true it was to itself in float32, where it computed in int8. */
  readonly fidelity?: Fidelity | undefined;
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
  /** The exported student on the test split. */
  readonly last: MetricValues;
  /** The best evaluation by the first metric, and its epoch; its checkpoint is kept under `checkpoint.keepBest`. */
  readonly best: MetricValues & { readonly epoch: number };
  /** Paths of what was written, by kind: `safetensors`, `onnx` ... */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}
