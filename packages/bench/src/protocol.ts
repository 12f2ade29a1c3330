/** A request to a measuring process: one line of JSON on its standard input. */
export interface Request {
  readonly steps: number;
}

/** Its answer: one line of JSON. Times are medians over the steps of the request. */
export interface Measurement {
  /** 0 where the teacher's features were given. */
  readonly teacherMs: number;
  readonly studentMs: number;
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  /** Peak of the whole process, which measures nothing else. */
  readonly peakRssMb: number;
}

export interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

/** A line of a report. */
export interface Row extends Measurement {
  readonly implementation: 'limbeck' | 'pytorch' | 'tfjs-node';
  readonly variant: string;
}

/** What `--json` prints. */
export interface Report {
  readonly workload: string;
  readonly rows: readonly Row[];
}
