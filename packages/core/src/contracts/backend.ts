import type { Program, StateDict, TensorData } from '@limbeck/graph';

/** Where a program runs. */
export type Device = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/** Element type a backend computes in; parameters and optimiser state stay float32. */
export type Precision = 'float32' | 'bfloat16' | 'int8';

/** What a backend can do on this machine. */
export type Capabilities =
  | {
      readonly available: true;
      /** The runtime with its version, for `limbeck doctor` and the environment record. */
      readonly runtime: string;
      /** Devices that work here, best first. */
      readonly devices: readonly Device[];
      readonly precisions: readonly Precision[];
      /** File formats of foreign models it runs unchanged, e.g. `onnx`. */
      readonly loads: readonly string[];
      /** Devices that do not work here, and why. */
      readonly unavailable?: Readonly<Partial<Record<Device, string>>>;
    }
  | {
      readonly available: false;
      /** Why it cannot run here. */
      readonly reason: string;
      /** The command that would change it. */
      readonly remedy?: string;
    };

/** How the ranges of activations are found that a program in int8 spreads its 256 levels over. */
export interface Calibration {
  /** Inputs like those to come, such as training batches. Iterated anew for every pass; each is used before the next. */
  readonly batches: Iterable<Feeds>;
  /**
   * `min-max` (default) takes the smallest and largest value seen; `percentile` leaves out the rarest values at both ends,
   * which are clipped then.
   */
  readonly method?: 'min-max' | 'percentile';
  /** Share of values kept by `percentile`, in per cent. Default 99.99. */
  readonly percentile?: number;
}

export interface CompileOptions {
  /** Default: the best device the backend has. */
  readonly device?: Device;
  /** Default float32. `int8` is for programs without state, and needs {@link CompileOptions.calibration}. */
  readonly precision?: Precision;
  /** Needed for `int8`; nothing else looks at it. */
  readonly calibration?: Calibration;
  /** Threads for one operation. Default: the machine's cores. */
  readonly threads?: number;
  /** First values of the program's state, which are copied; zeros otherwise. */
  readonly state?: StateDict;
  /** Collect the time of each operation; see {@link Executable.profile}. */
  readonly profile?: boolean;
}

/** Inputs of one step, by name. */
export type Feeds = Readonly<Record<string, TensorData>>;

/**
 * Outputs of one step, by name. They belong to the executable: their data is valid until its next step but one, so copy
 * what you keep.
 */
export type Fetches = Readonly<Record<string, TensorData>>;

/** Time spent in operations of one kind at one place of the program. */
export interface ProfileEntry {
  /** The runtime's name of the operation. */
  readonly operation: string;
  /** Scope path in the program. */
  readonly scope: string;
  /** Mean milliseconds a step. */
  readonly milliseconds: number;
  readonly count: number;
}

/** A compiled program together with its state. */
export interface Executable {
  readonly program: Program;
  /** Seconds spent lowering and loading. */
  readonly compileSeconds: number;
  /** Runs the program once and replaces its state. Rejects with a `LimbeckError` naming the input that does not fit. */
  step(inputs: Feeds): Promise<Fetches>;
  /** A copy of the state. */
  readState(): Promise<StateDict>;
  /** Replaces the whole state; refuses missing, unexpected and misshapen names, all listed. */
  writeState(state: StateDict): Promise<void>;
  /** Where the time went; only for programs compiled with `profile`. */
  profile?(): Promise<readonly ProfileEntry[]>;
  /** Frees what the runtime holds. Twice is harmless; every other call afterwards is rejected. */
  dispose(): Promise<void>;
}

/** An input or output of a model that came from a file. Named dimensions may take any size. */
export interface ModelPort {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** A model loaded from a file of a foreign format. */
export interface LoadedModel {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  run(inputs: Feeds): Promise<Fetches>;
  dispose(): Promise<void>;
}

/**
 * Runs programs. A backend lowers a whole program once into the format of an inference runtime and keeps its state
 * there. What it cannot lower it refuses at `compile`, naming the operation and its scope.
 */
export interface ComputeBackend {
  readonly id: string;
  readonly description: string;
  capabilities(): Promise<Capabilities>;
  compile(program: Program, options?: CompileOptions): Promise<Executable>;
  /** Loads a model file of one of the formats in `capabilities().loads`. */
  load?(bytes: Uint8Array, options?: CompileOptions): Promise<LoadedModel>;
}

/** Writes a stateless program (its weights bound as constants) as a file other tools read. */
export interface Exporter {
  /** What `limbeck export --format` takes, e.g. `onnx`. */
  readonly id: string;
  readonly description: string;
  /** With the dot: `.onnx`. */
  readonly extension: string;
  write(program: Program, options: { readonly metadata?: Readonly<Record<string, string>> }): Uint8Array;
}
